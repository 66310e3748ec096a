"""The watch over pages sees what a page should not do."""

import pytest

from tests.support.browser import Watch

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("misdeed", "trouble"),
    [
        ("console.info('hello')", "info: hello"),
        ("void fetch('http://127.0.0.1:9/').catch(() => {})", "connect-src"),
        ("setTimeout(() => { throw new Error('oh') })", "error: oh"),
        ("void (document.body.innerHTML = '<b>x</b>')", "TrustedHTML"),
        ("void document.body.setAttribute('style', 'color: red')", "style-src"),
        ("void document.body.append(Object.assign(new Image(), {src: '//x.invalid/'}))", "img-src"),
    ],
)
def test_a_misdeed_of_a_page_is_seen(watch: Watch, misdeed: str, trouble: str) -> None:
    page = watch.open("site/blank.html")
    try:
        page.evaluate(f"() => {{ {misdeed} }}")
    except Exception as error:  # noqa: BLE001
        watch.troubles.append(str(error))
    page.wait_for_timeout(100)

    assert any(trouble in told for told in watch.troubles), watch.troubles
    watch.troubles.clear()


def test_what_a_page_may_do_is_no_trouble(watch: Watch) -> None:
    page = watch.open("site/blank.html")

    assert page.evaluate("async () => (await fetch('/playlists/index.json')).status") == 200
    assert watch.troubles == []
