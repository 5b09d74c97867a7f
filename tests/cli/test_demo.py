"""``batcher demo``: the main job at work, and what it wrote is kept."""

from pathlib import Path

from tests.conftest import Command, records


async def test_a_generated_file_is_run_and_kept_with_its_results(
    batcher: Command, tmp_path: Path
) -> None:
    batcher.environ |= {"TMPDIR": str(tmp_path), "AWS_PROFILE": "nowhere"}
    ended = await batcher("demo", "--updates", "20", "--rate", "1000")
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert "20 triggers, quota 1000/s, some faults." in ended.err
    (folder,) = tmp_path.glob("batcher-demo-*")
    assert f"$ batcher run {folder}/updates.jsonl --endpoint-url http://127.0.0.1:" in ended.err
    results = records(folder / "updates.run" / "results.jsonl")
    assert {result["status"] for result in results} == {"succeeded"}
    assert {result["domain"] for result in results} == {"shop-eu", "shop-us", "loyalty"}
    assert len(results) == len(records(folder / "updates.jsonl")) == 20
