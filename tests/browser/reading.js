// What a page says of itself to people who read it otherwise; each fault as one line of text.
() => {
  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {  // Whatever notation it comes in.
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) =>
    [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat([1]);
  const light = (colour) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const upwards = (element) => {
    const found = [];
    for (let each = element; each; each = each.parentElement) found.push(getComputedStyle(each));
    return found;
  };
  const contrast = (element) => {
    const styles = upwards(element);
    if (styles.some((style) => style.backgroundImage !== "none")) return null;
    const ground = styles.map((style) => parts(style.backgroundColor)).reverse()
      .reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    const ink = parts(styles[0].color);
    styles.forEach((style) => { ink[3] *= Number(style.opacity); });
    const [a, b] = [light(over(ink, ground)), light(ground)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const isLarge = (style) => {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  };
  const isRead = (element) =>
    element.checkVisibility({ visibilityProperty: true }) &&
    !element.closest("svg, script, noscript, [aria-hidden=true]");

  const pale = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
    if (!text || !isRead(element)) continue;
    const ratio = contrast(element), style = getComputedStyle(element);
    if (ratio !== null && ratio < (isLarge(style) ? 3 : 4.5)) {
      const place = `${element.tagName}.${element.className}`;
      pale.add(`${ratio.toFixed(2)} ${place} ${style.color} on ${style.backgroundColor} ${text}`);
    }
  }
  const WORKED = "input:not([type=hidden]), select, textarea, button, a[href], summary, progress";
  const hasName = (element) =>
    element.getAttribute("aria-label") || element.textContent.trim() || element.title ||
    [...(element.labels ?? [])].some((label) => label.textContent.trim());
  const all = (selector) => [...document.querySelectorAll(selector)];
  const ids = all("[id]").map((each) => each.id);
  return {
    pale: [...pale],
    nameless: all(WORKED).filter((each) => each.checkVisibility() && !hasName(each))
      .map((each) => each.outerHTML.slice(0, 120)),
    unscoped: all("th:not([scope])").map((each) => each.outerHTML),
    twice: ids.filter((id, n) => ids.indexOf(id) !== n),
    headings: all("h1, .empty-state h2").length ? [] : ["none"],
    mains: all("main").length === 1 ? [] : ["not one"],
    title: /.{2,} · .+/.test(document.title) ? [] : [document.title],
    lang: document.documentElement.lang,
  };
}
