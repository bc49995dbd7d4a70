"""A form keeps itself as a draft while somebody types, and says so; what the policy forbids would fail the test."""

from playwright.sync_api import expect

from tests.browser.conftest import Open


def test_what_is_typed_is_kept_without_pressing_anything(opened: Open, address: str) -> None:
    page = opened("lead-1")
    page.goto(f"{address}/tasks")
    page.get_by_role("link", name="Opvolggesprek").first.click()
    page.wait_for_url("**/steps/**")
    went_on = page.get_by_label("Niet doorgegaan")
    went_on.check()
    expect(page.get_by_role("status").filter(has_text="Bewaard als kladversie")).to_be_visible()
    page.reload()
    expect(went_on).to_be_checked()
    page.get_by_role("button", name="Kladversie weggooien").click()
    expect(went_on).not_to_be_checked()
