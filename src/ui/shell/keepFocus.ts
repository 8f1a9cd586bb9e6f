/** Elements that the Tab key reaches, unless they are disabled or hidden. */
const tabbables = 'button, input, select, textarea, summary, a[href], [tabindex]';

/**
 * Keeps the keyboard's place on the page: when the focused element is disabled or removed, the focus moves to the next
 * element that the Tab key would have reached, in the smallest part of the page that has one. Without this, browsers
 * give the focus to the document, and the Tab key begins at the top again.
 *
 * An element can name the target itself: `data-then` is the selector of what gets the focus when the element goes with it.
 */
export function keepFocus(): void {
  /** What has the focus, or had it until it was disabled or removed; null if the user has put the focus nowhere. */
  let last: HTMLElement | null = null;
  /** Whether the key that made the focus move may still be down. */
  let held = false;
  document.addEventListener('focusin', ({ target }) => {
    last = target instanceof HTMLElement ? target : null;
  });
  // A click beside all controls takes the focus from them on purpose.
  document.addEventListener('pointerdown', () => (last = null), { capture: true });
  // The repetitions of a key that is held would press the button that gets the focus.
  document.addEventListener(
    'keydown',
    (event) => {
      if (held && event.repeat) event.preventDefault();
      else held = false;
    },
    { capture: true },
  );

  const observer = new MutationObserver((records) => {
    const { activeElement } = document;
    if (!last || (activeElement !== last && activeElement !== document.body)) return;
    const lost = last;
    if (lost.isConnected && !lost.matches(':disabled')) return;
    const position = lost.isConnected
      ? { scope: lost.parentElement, after: lost }
      : positionOf(lost, records);
    const named = lost.closest<HTMLElement>('[data-then]');
    const chosen = named && !lost.isConnected ? named.dataset['then'] : undefined;
    const next =
      (chosen === undefined ? null : document.querySelector<HTMLElement>(chosen)) ?? nextTo(position);
    if (!next) return;
    held = true;
    next.focus({ preventScroll: true });
  });
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] });
}

interface FocusPosition {
  readonly scope: Element | null;
  /** Elements behind this one come first; null for the beginning of the scope. */
  readonly after: Node | null;
}

/** Where a removed element was. */
function positionOf(removed: Element, records: readonly MutationRecord[]): FocusPosition {
  const record = records.findLast(
    ({ removedNodes, target }) =>
      target.isConnected && [...removedNodes].some((node) => node.contains(removed)),
  );
  const scope = record?.target instanceof Element ? record.target : document.body;
  const before = record?.previousSibling ?? null;
  return { scope, after: before?.isConnected ? before : null };
}

function nextTo({ scope, after }: FocusPosition): HTMLElement | null {
  for (let part = scope; part; part = part.parentElement) {
    const reached = [...part.querySelectorAll<HTMLElement>(tabbables)].filter(
      (element) => element.tabIndex >= 0 && !element.matches(':disabled') && element.checkVisibility(),
    );
    const behind = reached.find((element) => isBehind(element, after));
    const found = behind ?? reached.at(-1);
    if (found) return found;
  }
  return null;
}

function isBehind(element: Element, after: Node | null): boolean {
  if (after === null) return true;
  return (
    (after.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0 &&
    !after.contains(element)
  );
}
