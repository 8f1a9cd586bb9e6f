import { Minus, Plus } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import type { KeyboardEvent } from 'react';
import { Button } from '../shared/Button.tsx';
import { useSelect } from '../shared/stores.ts';
import styles from './StageTools.module.css';
import type { StageView } from './stageView.ts';
import { largestZoom } from './zoom.ts';

/** Distance by which an arrow key moves the picture, in CSS pixels. */
const stride = 48;

const arrows: ReadonlyMap<string, { readonly x: number; readonly y: number }> = new Map([
  ['ArrowLeft', { x: stride, y: 0 }],
  ['ArrowRight', { x: -stride, y: 0 }],
  ['ArrowUp', { x: 0, y: stride }],
  ['ArrowDown', { x: 0, y: -stride }],
]);

/** Zoom factor, and buttons that change it. While they have the focus, arrow keys move the enlarged picture. */
export function ZoomTools({ view }: { readonly view: StageView }) {
  const factor = useSelect(view, ({ zoom }) => zoom.factor);
  const group = useRef<HTMLDivElement>(null);
  const plus = useRef<HTMLButtonElement>(null);
  const zoomed = factor > 1;
  useLayoutEffect(() => {
    // On touch screens only “Zoom in” is left when the picture is whole: it takes the focus of a button that goes.
    const { activeElement } = document;
    if (zoomed || !(activeElement instanceof HTMLElement) || !group.current?.contains(activeElement)) return;
    if (activeElement.offsetParent === null) plus.current?.focus();
  }, [zoomed]);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = arrows.get(event.key);
    if (!by || !zoomed) return;
    event.preventDefault();
    view.pan(by);
  };
  return (
    <div
      ref={group}
      className={styles['zoom']}
      role="group"
      aria-label="Zoom"
      data-zoomed={zoomed || undefined}
      onKeyDown={onKeyDown}
    >
      <Button
        look={['icon']}
        disabled={!zoomed}
        title="Zoom out (−)"
        onClick={() => {
          view.step(-1);
        }}
      >
        <Minus size={18} aria-hidden />
        <span className="hidden-text">Zoom out</span>
      </Button>
      <Button
        className={styles['factor']}
        disabled={!zoomed}
        title="Show the whole picture (0)"
        onClick={view.reset}
      >
        {Math.round(100 * factor)} %<span className="hidden-text">: show the whole picture</span>
      </Button>
      <Button
        ref={plus}
        look={['icon']}
        disabled={factor === largestZoom}
        title="Zoom in (+)"
        onClick={() => {
          view.step(1);
        }}
      >
        <Plus size={18} aria-hidden />
        <span className="hidden-text">Zoom in</span>
      </Button>
    </div>
  );
}
