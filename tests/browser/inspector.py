"""What is wrong with a page: its accessibility at several widths and in the dark, its width, and the complaints."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390, 2560)
AXE = Axe().axe_script
REFUSED = {"builder-error": 400, "missing": 404, "missing-model": 404}


class Inspector:
    """Opens pages, and writes down what is wrong with each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.findings: list[str] = []
        self.address = ""
        page.on("console", lambda message: self._hear(message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("requestfailed", lambda request: self._note(f"not loaded: {request.url} {request.failure}"))
        page.on("response", self._check_response)

    def walk(self, pages: dict[str, str]) -> None:
        for name, address in pages.items():
            self.address = address
            self.expected = REFUSED.get(name, 200)
            self.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            self.page.goto(address)
            self.page.evaluate(AXE)
            for width in WIDTHS:
                self._look_at(width)
            self.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            self.page.emulate_media(color_scheme="dark")
            self._run_axe(["color-contrast"], "dark")
            self.page.emulate_media(color_scheme="light")

    def _look_at(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 800})
        if width != max(WIDTHS):
            self._run_axe(RULES, str(width))
        taken = self.page.evaluate("document.documentElement.scrollWidth")
        if taken > width:
            self._note(f"{taken} px wide at {width}")

    def _run_axe(self, rules: list[str], where: str) -> None:
        found = self.page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
        for rule in found["violations"]:
            self._note(f"axe at {where}: {rule['id']}: {[node['html'][:200] for node in rule['nodes']][:3]}")

    def _check_response(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status != self.expected if is_page and response.status != 302 else response.status >= 400:
            self._note(f"answered with {response.status}: {response.url}")

    def _hear(self, said: str, source: str) -> None:
        # The browser itself says so of a page that answers 404, as it should.
        if not (self.expected >= 400 and source.endswith(self.address)):
            self._note(f"console: {said}")

    def _note(self, finding: str) -> None:
        self.findings.append(f"{self.address} {finding}")
