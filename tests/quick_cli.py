"""The AWS CLI without the second that it takes to start: the real one, kept warm.

`QuickCli` starts one process that has the CLI loaded, and forks for each command; a small program
`aws` in `folder` hands it arguments, environment and streams. So hundreds of commands, each by the
CLI's own code in a process of its own, take seconds.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SERVER = """
import array, json, os, signal, socket, sys
from awscli.clidriver import create_clidriver
driver = create_clidriver()
nobody = dict(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
for service in sys.argv[2:]:
    driver.session.create_client(service, **nobody)
    driver._get_command_table()[service if service != "s3" else "s3api"]._get_command_table()
path = sys.argv[1]
own = {name: os.environ[name] for name in ("AWS_DATA_PATH",) if name in os.environ}
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
listening.listen(64)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    made, _ = listening.accept()
    if os.fork():
        made.close()
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(made, 1 << 20, 3)
    while not text.endswith(b"\\0"):
        text += made.recv(1 << 20)
    asked = json.loads(text[:-1])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"] | own)
    sys.argv = ["aws", *asked["arguments"]]
    try:
        code = driver.main(asked["arguments"])
    except SystemExit as stopped:
        code = stopped.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    made.sendall(bytes([code]))
    os._exit(0)
"""

_CLIENT = """#!{python} -SE
import json, os, socket, sys
asking = socket.socket(socket.AF_UNIX)
asking.connect({path!r})
text = json.dumps(dict(arguments=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ)))
socket.send_fds(asking, [text[:1000].encode()], [0, 1, 2])
asking.sendall(text[1000:].encode() + b"\\0")
sys.exit((asking.recv(1) or b"\\xff")[0])
"""


class QuickCli:
    """A running CLI.

    Attributes:
        folder: where the program `aws` is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environment(self, base: Mapping[str, str], *before: Path) -> dict[str, str]:
        """Return an environment in which `aws` is this one, unless a folder `before` has one."""
        path = [*map(str, before), str(self.folder), "/usr/bin", "/bin"]
        return {**base, "PATH": ":".join(path)}


@contextmanager
def quick_cli(folder: Path, *services: str) -> Iterator[QuickCli]:
    """Run the CLI while the block lasts.

    Args:
        services: those that it is quick with, by their names in boto3, besides IAM and STS.
    """
    path = folder / "socket"
    client = folder / "aws"
    client.write_text(_CLIENT.format(python=sys.executable, path=str(path)), encoding="utf-8")
    client.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(path), "iam", "sts", *services])
    try:
        while not path.exists():
            assert server.poll() is None
        yield QuickCli(folder)
    finally:
        server.kill()
        server.wait()
