"""iPXE, from the ROM of an emulated network card, boots a kernel over IPv4 and fetches over IPv6 as well."""
import subprocess
import zlib
from pathlib import Path

from network import Boot
from support import content, put

HERE = Path(__file__).parent
SCRIPT = """#!ipxe
echo SCRIPT runs, next-server ${next-server}
imgfetch tftp://${next-server}/missing && echo SCRIPT fetched what is missing || echo SCRIPT goes on without it
kernel kernel.elf || goto failed
module tftp://${next-server}/images/big || goto failed
module images/whole_blocks || goto failed
module images/one || goto failed
%s
boot || goto failed
:failed
echo SCRIPT failed
shell
"""


class Ipxe(Boot):
    boot_file, card, big, mac = "boot.ipxe", "virtio-net-pci", 8 << 20, "52:54:00:77:00:01"

    def populate(self, root):
        subprocess.run(["clang-19", "-m32", "-O2", "-ffreestanding", "-fno-pic", "-fno-stack-protector",
                        "-mgeneral-regs-only", "-nostdlib", "-static", "-fuse-ld=lld-19", "-Wl,--omagic",
                        "-Wl,-Ttext=0x100000", "-Wl,--build-id=none", "-o", root / "kernel.elf",
                        HERE / "kernel.c"], check=True)
        self.modules = {"big": self.big, "whole_blocks": 40 * 1432, "one": 1}  # 1432: what iPXE asks for
        over_ipv6 = ""
        if self.ipv6:
            self.modules["six"] = 100_000
            over_ipv6 = "module tftp://[fd77::2]/images/six || goto failed"
        for name, size in self.modules.items():
            put(root / "images" / name, content(name, size))
        (root / "boot.ipxe").write_text(SCRIPT % over_ipv6)

    def test_boot(self):
        self.populate(self.root)
        self.boot()

    def boot(self):
        console = self.here / "console"
        memory = 128 + (3 * self.big >> 20)
        guest = self.guest("qemu-system-x86_64", "-machine", "pc,accel=tcg,graphics=off", "-m", str(memory), "-boot",
                           "n", "-serial", f"file:{console}", "-device",
                           f"{self.card},netdev=n0,mac={self.mac}", "-device",
                           "isa-debug-exit,iobase=0xf4,iosize=4")
        said = self.console_until(console, "KERNEL done|SCRIPT failed", guest)
        self.assertIn("SCRIPT runs, next-server 10.77.0.2", said)
        self.assertIn("SCRIPT goes on without it", said)
        self.assertIn("KERNEL runs", said)
        for name, size in self.modules.items():
            self.assertIn(f"MODULE {size:08x} {zlib.crc32(content(name, size)):08x}", said, name)
        self.assertIn("KERNEL done", said)
        self.assert_asked_addresses()


class IpxeE1000(Ipxe):
    card = "e1000"


class IpxeSinglePort(Ipxe):
    """All packets from port 69, and a file of more blocks than there are numbers."""
    tid_mode, big = "single", 95 << 20


class IpxeUniquePorts(Ipxe):
    tid_mode = "unique"


class IpxeOwnFolder(Ipxe):
    """All files are in a folder that is named after the card, which the server knows from the neighbour table. By IPv4
    alone: iPXE asks for neighbours from its link-local address, so that the table does not have its other one when its
    first request comes."""
    config = 'names.client_root = "mac"\nnames.client_root_only = true\n'

    def test_boot(self):
        own = self.root / self.mac.replace(":", "-")
        own.mkdir()
        self.ipv6 = False
        self.populate(own)
        self.boot()
