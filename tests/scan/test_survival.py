"""A scan that is killed, starved of disk, or started twice loses nothing and ends in the same bytes."""

import errno
import json
import os
import random
import signal

import killing
import pytest

from jaxmix.scan import __main__ as scan

KILLS = 10


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("survival") / "tiny.toml"
    path.write_text(killing.CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(config):
    out = config.parent / "undisturbed"
    assert scan.main([str(config), "--out", str(out)]) == 0
    return killing.digests(out)


def test_kill_9_at_random_moments(config, undisturbed, tmp_path):
    """Whole runs, each killed several times on its way; what a killed run leaves is either whole or not believed."""
    generator, out, kills, ends = random.Random(6), tmp_path / "scan", 0, 0
    while kills < KILLS:
        ended = killing.kill_at_random(config, out, generator, 2.0)
        kills += not ended
        if ended or kills == KILLS:
            code, _, said = killing.finished(config, out)
            assert code == 0, said
            assert killing.digests(out) == undisturbed and not killing.leftovers(out)
            ends += 1
            out = tmp_path / f"scan{ends}"
    assert ends


def test_any_number_of_devices_gives_the_same_bytes(config, undisturbed, tmp_path):
    """Three devices of the processor in place of one for each core (two at least)."""
    flags = f"XLA_FLAGS={os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=3"
    code, _, said = killing.finished(config, tmp_path / "scan", before=("env", flags))
    assert code == 0, said
    assert killing.digests(tmp_path / "scan") == undisturbed


def test_a_full_disk(config, undisturbed, tmp_path):
    """The manifest or a chunk cannot be written: exit code 5; with room again the scan goes on."""
    out = tmp_path / "scan"
    code, _, said = killing.finished(config, out, before=killing.SMALL_DISK)
    assert code == 5 and "cannot write" in said and "Traceback" not in said
    assert not killing.leftovers(out)
    code, _, said = killing.finished(config, out)
    assert code == 0, said
    assert killing.digests(out) == undisturbed


@pytest.mark.parametrize("file", [2, 50, 97, 98])  # a chunk, another one, what is made of them, the last manifest
def test_a_disk_that_fills_up_on_the_way(config, undisturbed, tmp_path, capsys, monkeypatch, file):
    """The n-th file or folder that is flushed to the disk finds it full."""
    out, flushed, flush = tmp_path / "scan", [], os.fsync

    def full(handle):
        flushed.append(handle)
        if len(flushed) > 2 * file:  # a file and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    assert scan.main([str(config), "--out", str(out)]) == 5
    said = capsys.readouterr().err
    assert "cannot write" in said and os.strerror(errno.ENOSPC) in said
    monkeypatch.undo()
    assert scan.main([str(config), "--out", str(out)]) == 0
    assert killing.digests(out) == undisturbed and not killing.leftovers(out)


def test_a_folder_that_cannot_be_written(config, capsys):
    assert scan.main([str(config), "--out", "/proc/jaxmix"]) == 5
    assert "cannot write" in capsys.readouterr().err


def test_two_processes_on_one_folder(config, undisturbed, tmp_path):
    """One does the work; the other is told, whichever comes first."""
    out = tmp_path / "scan"
    both = [killing.start(config, out) for _ in range(2)]
    said = [process.communicate(timeout=300)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 4], [0, 0]), said  # the second may come when the first has finished
    assert codes == [0, 0] or any("another process is at work" in text for text in said)
    assert killing.digests(out) == undisturbed


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_chunk_and_says_how_to_go_on(config, undisturbed, tmp_path, number, code):
    out = tmp_path / "scan"
    process = killing.start(config, out)
    assert killing.when(lambda: killing.committed(out) >= 2, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert process.returncode == code, said
    assert (
        "what was committed stays" in said and f"jaxmix scan {config} --out {out}" in said and "Traceback" not in said
    )
    assert 2 <= killing.committed(out) < 96 and not killing.leftovers(out)
    assert scan.main([str(config), "--out", str(out)]) == 0
    assert killing.digests(out) == undisturbed


def test_two_processes_of_one_distributed_run(config, undisturbed, tmp_path):
    """By jax.distributed: each computes its part, process 0 joins them; stdout holds the manifest alone."""
    out, address = tmp_path / "scan", f"127.0.0.1:{20000 + os.getpid() % 20000}"
    both = [killing.start(config, out, "--distributed", f"{address},{i}/2", "--json") for i in range(2)]
    said = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert json.loads(said[0][0])["points"] == 1536 and said[1][0] == ""
    assert {path.name for path in out.glob("shard-*.json")} == {"shard-0-of-2.json", "shard-1-of-2.json"}
    assert killing.digests(out) == undisturbed


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:1,2/2", "127.0.0.1:1,0"])
def test_a_wrong_address_is_bad_input(config, tmp_path, capsys, address):
    assert scan.main([str(config), "--out", str(tmp_path / "scan"), "--distributed", address]) == 2
    assert "--distributed" in capsys.readouterr().err
    assert not (tmp_path / "scan").exists()
