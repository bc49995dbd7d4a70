"""With the keyboard alone: reach a task, answer its questions, record it; and always see where one is."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import Open

FOCUSED = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return {
    text: (here.innerText || here.value || here.getAttribute('aria-label') || '').trim().slice(0, 80), tag: here.tagName,
    name: here.getAttribute('name'), type: here.getAttribute('type'), href: here.getAttribute('href'),
    inside: here.tagName === 'INPUT' && !here.matches(':focus'),
    seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || here.tagName === 'BODY'
  }
}"""


def tab_to(page: Page, **wanted: str) -> None:
    """Press Tab until the focus is on what is wanted; everything on the way must show its focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        # in a date field the last stop is the calendar button, which the browser marks by itself
        marked = found["type"] in ("radio", "checkbox") or found["seen"] or found["inside"]
        assert marked, f"the focus on {found} cannot be seen"
        if all(value in (found[key] or "") for key, value in wanted.items()):
            return
    raise AssertionError(f"Tab never reaches {wanted}")


def test_the_first_tab_leads_past_the_head(opened: Open, address: str) -> None:
    page = opened("lead-1")
    page.goto(f"{address}/tasks")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["href"] == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_follow_up_is_recorded_without_a_mouse(opened: Open, address: str) -> None:
    page = opened("lead-1")
    page.goto(f"{address}/tasks")
    tab_to(page, tag="A", text="Opvolggesprek")
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/**")
    case = page.url.rpartition("/steps/")[0]
    tab_to(page, type="radio")
    page.keyboard.press("ArrowDown")  # Niet doorgegaan
    tab_to(page, name="occurred_on")
    tab_to(page, tag="BUTTON", text="Als gedaan vastleggen")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    page.goto(case)
    assert "gedaan" in page.inner_text("main")
