"""UEFI firmware boots by PXE: it asks for the size first and gives up on purpose, then fetches with a window of 4."""
import shutil

from network import Boot
from support import content, put

SIZE = 8 << 20
SCRIPT = """#!ipxe
echo SCRIPT runs, next-server ${next-server}
imgfetch big || goto failed
imgstat
echo SCRIPT done
exit
:failed
echo SCRIPT failed
exit
"""


class Uefi(Boot):
    boot_file = "tag:!ipxe,snponly.efi"
    dhcp_options = ("--dhcp-match=set:ipxe,175", "--dhcp-boot=tag:ipxe,boot.ipxe,,10.77.0.2")

    def test_boot(self):
        shutil.copy("/usr/lib/ipxe/snponly.efi", self.root / "snponly.efi")
        shutil.copy("/usr/share/OVMF/OVMF_VARS.fd", self.here / "variables.fd")
        (self.root / "boot.ipxe").write_text(SCRIPT)
        put(self.root / "big", content("big", SIZE))
        console = self.here / "console"
        guest = self.guest("qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "384", "-serial",
                           f"file:{console}", "-drive",
                           "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd", "-drive",
                           f"if=pflash,format=raw,file={self.here}/variables.fd", "-device",
                           "virtio-net-pci,netdev=n0,mac=52:54:00:77:00:03,romfile=,bootindex=1")
        said = self.console_until(console, "SCRIPT done|SCRIPT failed", guest)
        self.assertIn("SCRIPT runs, next-server 10.77.0.2", said)
        self.assertIn(f"big : {SIZE} bytes", said)
        self.assertIn("SCRIPT done", said)
        self.assert_asked_addresses()
        asked = [options for name, options in self.requests() if name == "snponly.efi"]
        self.assertIn("tsize", asked[0])
        self.assertEqual(asked[1].get("windowsize"), "4")
        self.assertIn("probe", self.server.said())
