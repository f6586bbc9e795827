"""rclone: trees up and down, under explicit and implicit TLS and in clear."""
import subprocess

from support import PROGRAM, Case, Server, content, needs, put

# No names that it stores under others (spaces at the end, for one).
FILES = {"plain.txt": 3000, "with space.txt": 1, "Grüße.txt": 0, "日本語.txt": 20_000, "deep/semi;colon": 70_000,
         "deep/er/100%": 2_000_000}


@needs("rclone")
class Rclone(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ports = {}
        for reuse in ("prefer", "require"):
            put(cls.base / f"{reuse}.toml", f"""
[ftp]
listen = "127.0.0.1:0"
implicit_listen = "127.0.0.1:0"
[tls]
reuse = "{reuse}"
[anonymous]
folder = "{cls.root}"
permissions = "elradfmwMT"
""".encode())
            server = Server(cls.root)
            server.command = [PROGRAM, "serve", "--config", str(cls.base / f"{reuse}.toml")]
            server.start()
            cls.addClassCleanup(server.stop)
            cls.ports[reuse] = server.port, int(server.expect_line(r"listening ftp \S+:(\d+)").group(1))
        # It keeps passwords in a form of its own.
        cls.secret = subprocess.run(["rclone", "obscure", "x"], check=True, capture_output=True, text=True).stdout.strip()

    def rclone(self, *words):
        return self.run_client("rclone", "--config", "/dev/null", "--no-check-certificate",
                               "--ftp-no-check-certificate", "--retries", "1", *words)

    def there(self, port, place, *settings):
        return ":" + ",".join(["ftp", "host=127.0.0.1", f"port={port}", "user=anonymous", f"pass={self.secret}",
                               *settings]) + f":{place}"

    def move_a_tree(self, port, *settings):
        for name, size in FILES.items():
            put(self.here / "local" / name, content(name, size))
        place = self.place()
        self.rclone("copy", "local", self.there(port, f"{place}/tree", *settings))
        self.assert_same_tree(self.here / "local", self.root / place / "tree")
        listed = self.rclone("lsf", "-R", "--files-only", self.there(port, f"{place}/tree", *settings)).stdout
        self.assertEqual(sorted(listed.decode().splitlines()), sorted(FILES))
        self.rclone("copy", self.there(port, f"{place}/tree", *settings), "back")
        self.assert_same_tree(self.here / "local", self.here / "back")
        self.rclone("purge", self.there(port, f"{place}/tree", *settings))
        self.assertFalse((self.root / place / "tree").exists())

    def test_in_clear(self):
        self.move_a_tree(self.ports["prefer"][0])

    def test_explicit_tls(self):
        self.move_a_tree(self.ports["prefer"][0], "explicit_tls=true")

    def test_implicit_tls(self):
        self.move_a_tree(self.ports["prefer"][1], "tls=true")

    def test_tls_1_2(self):
        self.move_a_tree(self.ports["prefer"][0], "explicit_tls=true", "disable_tls13=true")

    # It keeps one cache of TLS sessions for all its connections: with several of them a data connection may come with
    # the session of another one, which is what must not be let in.
    def test_resumption_required(self):
        self.move_a_tree(self.ports["require"][0], "explicit_tls=true", "concurrency=1")


if __name__ == "__main__":
    import unittest
    unittest.main()
