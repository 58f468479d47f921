"""The family tree: names, pruning that destroys nothing, breeding of several, size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.tree import PLANT

from .conftest import Room
from .test_refining import READ

ROWS = "(count) => document.querySelectorAll('.tree-row').length === count"
NOTE = "(text) => document.querySelector('.tree-note').textContent.includes(text)"
# A beginning, and from it two branches of two works each; seeds name them.
FAMILY = """async () => {
  const { recipe, hand } = reverie.store.work;
  const of = (seed, parents) => ({ id: `work-${seed}`, parents, hand, how: 'seed',
    recipe: { ...recipe, source: { seed } }, time: seed });
  await reverie.history.takeIn([of(0, []), of(1, ['work-0']), of(2, ['work-1']),
    of(3, ['work-0']), of(4, ['work-3']), of(5, ['work-2', 'work-4'])]);
  await reverie.history.go('work-4');
}"""
STRANGER = """() => {
  const { recipe, hand } = reverie.store.work;
  const stranger = { id: 'work-25', parents: [], hand, how: 'seed', recipe, time: 2 };
  return reverie.history.takeIn([stranger]);
}"""
BESIDE = """() => [...document.querySelectorAll('.tree-row')].filter((row) => {
  const [dot, picture] = ['circle', '.tree-picture'].map((part) =>
    row.querySelector(part).getBoundingClientRect());
  return dot.right < picture.left;
}).length"""
LAYOUT = """async (moments) => {
  const { rowsOf, standing } = await import('./studio/assets/refine/lineage.js');
  const made = new Function('return ' + moments)();
  const rows = rowsOf(made);
  return [rows.length, Math.max(...rows.map(({ below }) => below.length)),
    standing(made).size];
}"""


@pytest.fixture
def tree(visit: Callable[..., Room]) -> Room:
    room = visit(reduced_motion="reduce").enter().settle()
    room.page.evaluate(FAMILY)
    room.press("t").wait(ROWS, 7)
    return room


def tick(room: Room, *seeds: int) -> None:
    for seed in seeds:
        room.page.locator(f"[data-id='work-{seed}'] input").check()


def exported(room: Room) -> list[str]:
    with room.page.expect_download() as download:
        room.do("tree_export")
    moments = json.loads(Path(download.value.path()).read_text())["moments"]
    return sorted(moment["id"] for moment in moments if moment["id"].startswith("work"))


def test_a_work_has_a_name_that_survives_a_reload(tree: Room) -> None:
    tick(tree, 3)
    tree.do("tree_name").page.keyboard.type("dusk & <dawn>")
    tree.press("Enter").wait("() => document.querySelector('.is-named')")
    tree.page.reload()
    tree.come_in().press("t").wait("() => document.querySelector('.is-named')")
    assert "dusk & <dawn>" in tree.page.inner_text("[data-id='work-3']")
    assert tree.errors == []


def test_a_pruned_branch_is_hidden_and_comes_back(tree: Room) -> None:
    tick(tree, 3)
    tree.do("tree_prune").wait(ROWS, 5)  # 5 stands on its other branch
    tree.wait(NOTE, "2 works are hidden")
    tree.wait("() => reverie.history.head.id === 'work-0'")
    assert exported(tree) == ["work-0", "work-1", "work-2", "work-5"]
    tree.wait(NOTE, "5 of 7 works")
    tree.do("pruned").wait(ROWS, 2)
    assert exported(tree) == ["work-3", "work-4"]
    tick(tree, 4)
    tree.do("tree_revive").wait(ROWS, 0)
    tree.do("pruned").wait(ROWS, 7)
    tick(tree, 1)
    tree.do("tree_prune").wait(ROWS, 5)
    tree.page.click(".tree-note .offer")
    tree.wait(ROWS, 7)
    assert tree.errors == []


def test_the_branch_one_stands_on_is_not_pruned_to_its_root(tree: Room) -> None:
    tick(tree, 0)
    tree.do("tree_prune").wait(NOTE, "go elsewhere first")
    assert tree.page.locator(".tree-row").count() == 7
    # a work of no family stands beside the lines of the others, not on its picture
    tree.press("Escape").page.evaluate(STRANGER)
    tree.press("t").wait(ROWS, 8)
    assert tree.page.evaluate(BESIDE) == 8


def test_three_works_are_bred_and_two_of_them_compared(tree: Room) -> None:
    tick(tree, 1, 2)
    assert tree.page.locator("[data-act=compare]").is_enabled()
    # Escape leaves the comparison, and the tree with its ticks is still there
    tree.do("compare").wait("() => document.querySelector('.wipe').checkVisibility()")
    tree.press("Escape").wait("() => document.activeElement.dataset.act === 'compare'")
    assert tree.visible(".wipe") == 0
    tree.do("compare").page.click(".tree-head [data-act=close]")
    tree.press("t").wait("() => document.querySelector('.tree-rows').checkVisibility()")
    tick(tree, 4)
    assert tree.page.locator("[data-act=compare]").is_disabled()
    tree.do("breed")
    tree.wait("() => document.querySelector('.tile[data-role=beyond].is-drawn')")
    tree.press("1").wait("() => reverie.history.head.parents.length === 3")
    parents = tree.page.evaluate("reverie.history.head.parents")
    assert parents == ["work-1", "work-2", "work-4"]


def test_ten_thousand_works_open_whatever_their_shape(tree: Room) -> None:
    tree.press("Escape")
    shapes = {
        "chain": "i ? [String(i - 1)] : []",
        "star": "i ? ['0'] : []",
        "pairs": "i < 5000 ? [] : [String(i - 5000)]",
        "strangers": "['nobody']",
    }
    for parents in shapes.values():
        made = f"""Array.from({{length: 10000}}, (_, i) =>
          ({{ id: String(i), parents: {parents} }}))"""
        rows, lines, stands = tree.page.evaluate(LAYOUT, made)
        assert (rows, stands) == (10000, 10000)
        assert lines <= 12
    tree.page.evaluate(PLANT, 10000)
    tree.press("t").wait(
        "() => document.querySelector('.tree-count').textContent.includes('10007')"
    )
    assert tree.page.locator(".tree-row").count() < 40
    assert len(exported(tree)) == 6
    assert tree.errors == []


def test_files_of_ten_thousand_works_are_read_and_larger_ones_refused(
    tree: Room,
) -> None:
    write = """async (count) => {
      const { writeTree } = await import('./studio/assets/refine/lineage.js');
      const [moment] = await reverie.history.all();
      return writeTree(Array.from({ length: count }, (_, i) =>
        ({ ...moment, id: String(i), parents: i ? ['0'] : [] })));
    }"""
    models = [tree.recipe["model"]]
    text = tree.page.evaluate(write, 10000)
    assert tree.page.evaluate(READ, [text, models]) == 10000
    large = tree.page.evaluate(write, 20001)
    assert tree.page.evaluate(READ, [large, models]) == "ui.tree.large"


def bring_file(room: Room, text: str) -> None:
    with room.page.expect_file_chooser() as chooser:
        room.do("tree_import")
    file = {
        "name": "tree.json",
        "mimeType": "application/json",
        "buffer": text.encode(),
    }
    chooser.value.set_files(file)


def test_a_tree_goes_to_another_browser_and_back(
    tree: Room, visit: Callable[..., Room]
) -> None:
    tick(tree, 3)
    tree.do("tree_prune").wait(ROWS, 5)
    tree.do("pruned").wait(ROWS, 2)
    tick(tree, 3)
    tree.do("tree_revive").do("pruned").wait(ROWS, 7)
    with tree.page.expect_download() as download:
        tree.do("tree_export")
    text = Path(download.value.path()).read_text()
    other = visit(reduced_motion="reduce").enter().settle()
    other.press("t").wait(ROWS, 1)
    bring_file(other, text[:-9])
    other.wait(NOTE, "ends too early")
    bring_file(other, text)
    other.wait(NOTE, "7 works were taken in")
    other.wait(ROWS, 8)
    bring_file(other, text)
    other.wait(NOTE, "0 works were taken in")
    assert other.errors == []


def test_an_import_without_room_says_so_and_offers_the_export(tree: Room) -> None:
    with tree.page.expect_download() as download:
        tree.do("tree_export")
    text = Path(download.value.path()).read_text().replace("work-", "twin-")
    again = """async (text) => (await import('./studio/assets/refine/lineage.js'))
      .writeTree(JSON.parse(text).moments)"""
    text = tree.page.evaluate(again, text)
    tree.page.evaluate(
        """() => { IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    bring_file(tree, text)
    tree.wait(NOTE, "no room left")
    with tree.page.expect_download() as download:
        tree.page.click(".tree-note .offer")
    assert download.value.suggested_filename == "reverie-tree.json"
