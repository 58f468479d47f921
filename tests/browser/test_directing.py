"""A hand on the page: sliders, seeds, the pad, undo, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.model import PREVIEW_SEEDS

from .conftest import Room

FIRST = "slider:pca-01"
FAR = 1235541871
HOSTILE_SEEDS = ["-1", "4294967296", "18446744073709551616", "1e308", "x", "", "7.5"]


def test_a_slider_moves_the_picture_and_the_recipe(room: Room) -> None:
    before = room.pixels()
    room.slide(FIRST, 2.5).settle()
    assert room.recipe["directions"] == {"pca-01": 2.5}
    assert room.pixels() != before


def test_buttons_and_keys_walk_the_same_history(room: Room) -> None:
    start = room.recipe
    room.slide(FIRST, 1).settle().do("dice").settle()
    end, picture = room.recipe, room.pixels()

    room.do("undo").wait("() => reverie.store.recipe.source.seed === 2")
    room.press("Control+z").wait("() => !reverie.store.recipe.directions")
    assert room.recipe == start
    assert room.page.input_value(f"input[data-how='{FIRST}']") == "0"

    room.press("Control+Shift+z").wait("() => reverie.store.recipe.directions")
    room.do("redo").wait(
        "(seed) => reverie.store.recipe.source.seed === seed", end["source"]["seed"]
    )
    assert room.settle().recipe == end
    assert room.pixels() == picture
    assert room.page.is_disabled("[data-act='redo']")


def test_a_new_path_after_undo_keeps_the_old_one(room: Room) -> None:
    room.slide(FIRST, 1).settle().step("undo").settle().slide(FIRST, -1).settle()
    moments = room.page.evaluate("reverie.history.all()")
    last, fresh = moments[-2:]
    amounts = [moment["recipe"]["directions"]["pca-01"] for moment in (last, fresh)]
    assert amounts == [1, -1]
    assert last["parents"] == fresh["parents"]


def test_the_first_touch_continues_the_dream_from_where_it_is(
    visit: Callable[..., Room],
) -> None:
    room = visit().enter()
    room.wait("() => 'blend' in reverie.store.recipe.source")
    room.page.click(".frame")
    assert room.page.evaluate("reverie.drift.on")
    dreamt = room.page.evaluate(
        "() => { reverie.store.touch(); return reverie.store.recipe.source; }"
    )
    room.slide(FIRST, 1).settle()
    assert room.recipe["source"] == dreamt
    assert not room.page.evaluate("reverie.drift.on")


def test_who_prefers_stillness_gets_no_dream(visit: Callable[..., Room]) -> None:
    room = visit(reduced_motion="reduce").enter().settle()
    assert room.recipe["source"] == {"seed": PREVIEW_SEEDS[0]}
    assert not room.page.evaluate("reverie.drift.on")


def test_seeds_are_typed_thrown_and_stepped(room: Room) -> None:
    room.unfold().page.fill("input[data-how='seed']", "4294967295")
    room.press("Enter").settle()
    assert room.recipe["source"] == {"seed": 4294967295}
    room.do("previous").settle()
    assert room.recipe["source"] == {"seed": 4294967294}
    room.press("Escape").page.evaluate("document.activeElement.blur()")
    room.press("n").settle()
    assert room.recipe["source"] == {"seed": 4294967295}
    room.press("r").settle()
    assert room.recipe["source"] != {"seed": 4294967295}


def test_the_row_of_seeds_is_a_ring(room: Room) -> None:
    room.unfold().page.fill("input[data-how='seed']", "0")
    room.press("Enter").settle().do("previous").settle()
    assert room.recipe["source"] == {"seed": 4294967295}
    room.do("next").settle()
    assert room.recipe["source"] == {"seed": 0}
    seeds, blend, place = room.page.evaluate(
        """async () => {
          const address = new URL('studio/assets/recipe.js', document.baseURI);
          const { latticePlace, latticeSource, neighbour } = await import(address);
          const source = latticeSource(4294967295, 0.25, 0);
          const steps = [[0, -1], [0, -1000], [4294967295, 1], [4294967295, 1000]];
          return [steps.map(([seed, by]) => neighbour(seed, by)),
                  source.blend, latticePlace(source)];
        }"""
    )
    assert seeds == [4294967295, 4294966296, 0, 999]
    assert blend == [[4294967295, 0.75], [0, 0.25]]
    assert place == {"seed": 4294967295, "x": 0.25, "y": 0}


def test_a_bad_seed_gets_one_sentence_and_changes_nothing(room: Room) -> None:
    before = room.unfold().recipe
    for text in HOSTILE_SEEDS:
        room.page.evaluate("document.querySelector('.status').replaceChildren()")
        room.page.fill("input[data-how='seed']", text)
        room.press("Enter").hear("4294967295")
        assert room.page.input_value("input[data-how='seed']") == text
        assert room.recipe == before
        room.press("Escape")
        assert room.page.input_value("input[data-how='seed']") == "2"


def test_the_pad_blends_neighbouring_seeds(room: Room) -> None:
    room.unfold().page.locator(".pad").scroll_into_view_if_needed()
    box = room.page.locator(".pad").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    room.page.mouse.move(*middle)
    room.page.mouse.down()
    room.page.mouse.move(middle[0] + box["width"] / 12, middle[1], steps=4)
    room.page.mouse.up()
    room.settle()
    weights = dict(room.recipe["source"]["blend"])
    assert weights == pytest.approx({2: 0.75, 3: 0.25}, abs=0.03)
    room.press("Control+z").wait("() => reverie.store.recipe.source.seed === 2")


def test_dragging_the_picture_wanders_to_its_neighbours(room: Room) -> None:
    box = room.page.locator(".frame").bounding_box()
    room.page.mouse.move(box["x"] + 300, box["y"] + 200)
    room.page.mouse.down()
    room.page.mouse.move(box["x"] + 200, box["y"] + 200, steps=5)
    room.page.mouse.up()
    assert dict(room.settle().recipe["source"]["blend"]).keys() == {2, 3}


def dream_of(room: Room, source: dict[str, object]) -> None:
    """Put ``source`` on the easel, as a drift that a hand has stopped leaves it."""
    room.page.evaluate(
        "(source) => reverie.store.edit((work) =>"
        " ({ ...work, recipe: { ...work.recipe, source } }), 'drift stopped')",
        source,
    )
    room.settle()


def shares(room: Room) -> dict[int, float]:
    """How much of each seed is on the easel, all of them together 1."""
    pairs = room.page.evaluate(
        "() => { const { seed, blend } = reverie.store.recipe.source;"
        " return blend ?? [[seed, 1]]; }"
    )
    whole = sum(weight for _, weight in pairs)
    return {seed: weight / whole for seed, weight in pairs}


def leaps(room: Room, points: list[tuple[float, float]]) -> list[float]:
    """Drag along ``points`` and tell how much each step changed of the work."""
    steps = []
    before = shares(room)
    room.page.mouse.move(*points[0])
    room.page.mouse.down()
    for point in points:
        room.page.mouse.move(*point)
        after = shares(room)
        seeds = before.keys() | after.keys()
        steps.append(
            max(abs(before.get(seed, 0) - after.get(seed, 0)) for seed in seeds)
        )
        before = after
    room.page.mouse.up()
    return steps


@pytest.mark.parametrize("surface", [".frame", ".pad"])
def test_a_drag_after_a_dream_starts_from_what_is_on_screen(
    room: Room, surface: str
) -> None:
    dream_of(room, {"blend": [[2, 0.83], [FAR, 0.55]]})
    room.unfold().page.locator(surface).scroll_into_view_if_needed()
    assert room.page.locator(".pad.is-elsewhere").count() == 1
    box = room.page.locator(surface).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reach = box["width"] * (0.48 if surface == ".frame" else 0.3)
    steps = leaps(room, [(x - reach * share / 40, y) for share in range(41)])
    assert 0 < max(steps) < 0.1
    assert FAR not in shares(room)
    assert room.page.locator(".pad.is-elsewhere").count() == 0


def test_the_keys_of_the_pad_leave_a_dream_step_by_step(room: Room) -> None:
    dream_of(room, {"blend": [[2, 0.83], [FAR, 0.55]]})
    room.unfold().page.focus(".pad")
    far = [shares(room)[FAR]]
    for _ in range(8):
        room.press("ArrowRight")
        far.append(shares(room).get(FAR, 0))
    assert far == sorted(far, reverse=True) and far[1] > 0.3 and far[-1] == 0
    assert shares(room) == pytest.approx({2: 0.2, 3: 0.8}, abs=0.01)


def test_strength_multiplies_and_locks_hold(room: Room) -> None:
    room.unfold().slide(FIRST, 2).settle().slide("strength", 0.5).settle()
    assert room.recipe["directions"] == {"pca-01": 1}
    row = room.page.locator(".slider", has=room.page.locator(f"[data-how='{FIRST}']"))
    # What follows the pointer need not be under it: a click once never came back.
    row.locator("[data-act='lock']").dispatch_event("click")
    room.do("shuffle").settle()
    amounts = room.recipe["directions"]
    assert amounts["pca-01"] == 1 and len(amounts) > 4
    room.do("level").settle()
    assert room.recipe["directions"] == {"pca-01": 1}
    row.locator("[data-act='lock']").dispatch_event("click")


def test_double_click_resets_a_slider(room: Room) -> None:
    room.slide("slider:pca-02", 3).settle()
    room.page.locator("input[data-how='slider:pca-02']").dblclick()
    room.wait("() => !reverie.store.recipe.directions")


@pytest.mark.parametrize(
    ("amount", "shown"), [(0.02, "+0.02"), (-1.234, "\N{MINUS SIGN}1.23")]
)
def test_an_amount_between_two_steps_is_shown_and_reset(
    room: Room, amount: float, shown: str
) -> None:
    room.page.evaluate(
        """(amount) => reverie.store.edit((work) => ({
          recipe: { ...work.recipe, directions: { 'pca-01': amount } },
          hand: { ...work.hand, amounts: { 'pca-01': amount } } }), 'test')""",
        amount,
    )
    room.settle()
    row = room.page.locator(".slider", has=room.page.locator(f"[data-how='{FIRST}']"))
    assert row.locator(".amount").inner_text() == shown
    assert room.recipe["directions"] == {"pca-01": amount}
    row.hover()
    row.locator("[data-act='reset']").click()
    room.wait("() => !reverie.store.recipe.directions")
    assert row.locator(".amount").inner_text() == "0"


def test_fields_without_controls_are_kept(room: Room) -> None:
    mix = [{"layers": [1], "source": {"seed": 9}, "amount": 0.5}]
    room.page.evaluate(
        "(mix) => reverie.store.edit((work) =>"
        " ({ ...work, recipe: { ...work.recipe, mix } }), 'test')",
        mix,
    )
    room.settle().slide(FIRST, 1).settle().do("dice").settle()
    assert room.recipe["mix"] == mix
