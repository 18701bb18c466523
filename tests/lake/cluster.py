"""A Spark cluster of its own on this machine: a master and workers, each a process, on the loopback address only."""

import os
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from allmende.kernel.errors import AllmendeError
from allmende.region.spark import require_spark
from tests.program import free_port

HERE = "127.0.0.1"
PATIENCE = 120


def why_not() -> str:
    """Say what is missing for a cluster; nothing where it can be started."""
    try:
        require_spark()
    except AllmendeError as error:
        return str(error)
    return ""


class Cluster:
    """Runs while it is entered; ``url`` is what a question names as its master."""

    def __init__(self, folder: Path, workers: int, cores: int = 1, memory: str = "1500m") -> None:
        self.url = f"spark://{HERE}:{free_port()}"
        self._folder, self._workers, self._cores, self._memory = folder, workers, cores, memory
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Cluster":
        self._folder.mkdir(parents=True, exist_ok=True)
        port = self.url.rpartition(":")[2]
        try:
            self._start("master", "master.Master", "--port", port)
            for number in range(self._workers):
                words = ("--cores", str(self._cores), "--memory", self._memory, "--port", "0", self.url)
                self._start(f"worker-{number}", "worker.Worker", "--work-dir", str(self._folder / "work"), *words)
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def processor_seconds(self) -> float:
        """Give what the cluster has computed so far, its executors included; by Linux."""
        parents: dict[int, int] = {}
        spent: dict[int, float] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
            spent[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        own = {process.pid for process in self._processes}
        while more := {pid for pid, parent in parents.items() if parent in own} - own:
            own |= more
        return sum(spent.get(pid, 0) for pid in own)

    def _start(self, name: str, kind: str, *words: str) -> None:
        found = find_spec("pyspark")
        home = Path((found.origin if found else "") or "").parent
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", HERE]
        env = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HERE, "SPARK_DAEMON_MEMORY": "256m"}
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([*command, "--webui-port", "0", *words], env=env, stdout=log, stderr=log)
        self._processes.append(process)

    def _wait(self) -> None:
        """Wait until the master knows every worker."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            log = (self._folder / "master.log").read_text(encoding="utf-8", errors="replace")
            if log.count("Registering worker") >= self._workers:
                return
            if any(process.poll() is not None for process in self._processes):
                break
            time.sleep(0.2)
        raise RuntimeError(f"the cluster did not start; see {self._folder}")
