"""Accounts of the machine that log in as PAM says: the program with rules of the test's own, and the machine's modules.

The account is one that every machine has, or the one that runs the tests where that is not root.
"""
import ftplib
import io
import os
import pwd

from support import PROGRAM, Case

WHO = "daemon" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
ASK = """#!/bin/sh
[ "$PAM_USER:$PAM_RHOST:$PAM_TTY:$(tr -d '\\0')" = "{who}:127.0.0.1:ftp:open sesame" ]
"""


class Pam(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.chmod(cls.base, 0o755)
        os.chmod(cls.root, 0o777)

    def serve(self, account="required pam_permit.so", **changes):
        """The program with such rules; the module that is asked first wants a password of the test's own."""
        ask = self.here / "ask.sh"
        ask.write_text(ASK.format(who=WHO))
        ask.chmod(0o755)
        (self.here / "files").write_text(
            f"auth required pam_exec.so quiet expose_authtok {ask}\naccount {account}\n")
        keys = {"system_users": "true", "system_check": '"pam"', "pam_service": '"files"',
                "pam_folder": f'"{self.here}"', "system_lowest_uid": "1", "system_valid_shell": "false",
                "system_jail": "false", "failure_delay": "0", "ban_after": "0", "attempts": "20"} | changes
        config = self.here / "wherry.toml"
        config.write_text("[login]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
        own = type(self.server)(self.root)
        own.command = [PROGRAM, "serve", "--config", str(config), "-i", own.host, "-p", "0"]
        own.start()
        self.addCleanup(own.stop)
        return own

    def refusal(self, own, name, password):
        client = own.ftp(login=False)
        self.addCleanup(client.close)
        with self.assertRaises(ftplib.error_perm) as refused:
            client.login(name, password)
        return str(refused.exception)

    def test_an_account_comes_in_and_acts_as_itself(self):
        client = self.serve().ftp(login=False)
        self.addCleanup(client.close)
        client.login(WHO, "open sesame")
        self.assertEqual(client.pwd(), os.path.normpath(pwd.getpwnam(WHO).pw_dir))
        client.storbinary(f"STOR {self.root}/by account", io.BytesIO(b"mine"))
        written = self.root / "by account"
        self.assertEqual(written.read_bytes(), b"mine")
        self.assertEqual(written.stat().st_uid, pwd.getpwnam(WHO).pw_uid)

    def test_refusals_read_alike(self):
        own = self.serve()
        said = {self.refusal(own, name, password) for name, password in (
            (WHO, "wrong"), (WHO, ""), ("no-such-account", "wrong"), ("no-such-account", "open sesame"),
            ("root", "open sesame"))}
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said.pop(), "^530 ")

    def test_an_account_that_needs_a_new_password_is_refused(self):
        own = self.serve(account="required pam_debug.so acct=new_authtok_reqd")
        self.assertRegex(self.refusal(own, WHO, "open sesame"), "^530 ")

    def test_rules_that_are_missing_are_warned_of_and_let_nobody_in(self):
        own = self.serve(pam_service='"elsewhere"')
        self.assertRegex(self.refusal(own, WHO, "open sesame"), "^530 ")
        self.assertIn("login.pam_service: there is no", own.said())
