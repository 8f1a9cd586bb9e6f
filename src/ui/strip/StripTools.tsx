import { ArrowLeft, ArrowRight, CopyPlus, Crop, Dices, FolderPlus, Trash2, X } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { longestHold } from '../../project/index.ts';
import { canBeRemade, createStripEdits } from '../../store/strip-edits.ts';
import { Button } from '../shared/Button.tsx';
import { classes } from '../shared/classes.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './StripTools.module.css';

/**
 * Toolbar of the selected frames.
 *
 * @param onClosed - called when the toolbar goes while it has the focus
 */
export function StripTools({ onClosed }: { readonly onClosed: () => void }) {
  const stores = useStores();
  const { animation, generation, selection } = stores;
  const [edits] = useState(() => createStripEdits(stores));
  const frames = useSelect(animation, (state) => state.frames);
  const running = useSelect(generation, (state) => state.run !== null);
  const readOnly = useSelect(animation, ({ project }) => project?.readOnly ?? false);
  const positions = useSelect(selection, (state) => state.positions);
  const bar = useRef<HTMLDivElement>(null);
  const count = positions.size;
  const selected = [...positions].sort((a, b) => a - b);
  const first = frames.at((selected[0] ?? 1) - 1);
  const last = selected.at(-1) ?? 0;
  const disabled = running || readOnly;

  const closed = useRef(onClosed);
  useEffect(() => {
    closed.current = onClosed;
  });
  useLayoutEffect(() => {
    const { current } = bar;
    // The strip comes after its tools. On small phones, the tools cover the place where it was.
    current?.nextElementSibling?.scrollIntoView({ block: 'nearest' });
    return () => {
      if (current?.contains(document.activeElement)) closed.current();
    };
  }, []);

  return (
    <div
      ref={bar}
      className={classes(styles['tools'], disabled && styles['waiting'])}
      role="toolbar"
      aria-label="Selected frames"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        selection.clear();
      }}
    >
      <p className={styles['count']}>{count === 1 ? `Frame ${last}` : `${count} frames`}</p>
      <Tool Icon={Trash2} label="Delete" keys="Del" disabled={disabled} onClick={edits.remove} />
      <Tool Icon={CopyPlus} label="Duplicate" keys="Ctrl D" disabled={disabled} onClick={edits.duplicate} />
      <HoldField hold={first?.hold ?? 1} disabled={disabled} onChange={edits.hold} />
      <Tool
        Icon={ArrowLeft}
        label="Move back"
        keys="Alt ←"
        disabled={disabled || selected[0] === 1}
        onClick={() => {
          edits.moveBy(-1);
        }}
      />
      <Tool
        Icon={ArrowRight}
        label="Move on"
        keys="Alt →"
        disabled={disabled || last === frames.length}
        onClick={() => {
          edits.moveBy(1);
        }}
      />
      <Tool
        Icon={Crop}
        label="Keep only"
        help="Removes all other frames"
        disabled={disabled || count === frames.length}
        onClick={edits.keepOnly}
      />
      <Tool
        Icon={Dices}
        label="Make again"
        help={
          count > 1
            ? 'One frame can be made again at a time'
            : first && canBeRemade(first)
              ? 'Makes this frame again with another seed, in its place'
              : 'Only a frame that is a variant of one other frame can be made again'
        }
        disabled={disabled || count !== 1 || !first || !canBeRemade(first)}
        onClick={() => void edits.remake()}
      />
      <Tool
        Icon={FolderPlus}
        label="New project"
        help={count > 1 ? 'A project begins with one picture' : 'Starts a new project from this frame'}
        disabled={running || count !== 1}
        onClick={() => void edits.beginProject()}
      />
      <Button
        look={['quiet', 'icon']}
        className={styles['close']}
        title="End the selection (Escape)"
        onClick={selection.clear}
      >
        <X size={18} aria-hidden />
        <span className="hidden-text">End the selection</span>
      </Button>
    </div>
  );
}

function Tool({
  Icon,
  label,
  help = label,
  keys,
  disabled,
  onClick,
}: {
  readonly Icon: LucideIcon;
  readonly label: string;
  readonly help?: string;
  readonly keys?: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
}) {
  return (
    <Button
      look={['quiet']}
      className={styles['tool']}
      aria-label={label}
      disabled={disabled}
      title={keys === undefined ? help : `${help} (${keys})`}
      onClick={onClick}
    >
      <Icon size={18} aria-hidden />
      <span className={styles['label']}>{label}</span>
    </Button>
  );
}

/** Number of frame times for which the selected frames are shown. It is applied when the field is left. */
function HoldField({
  hold,
  disabled,
  onChange,
}: {
  readonly hold: number;
  readonly disabled: boolean;
  readonly onChange: (hold: number) => void;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current) field.current.value = String(hold);
  }, [hold]);
  useEffect(() => {
    // The browser's own event comes once a value is final; React's comes with every digit.
    const { current } = field;
    const change = () => {
      const value = current?.valueAsNumber ?? NaN;
      if (Number.isFinite(value)) onChange(value);
    };
    current?.addEventListener('change', change);
    return () => {
      current?.removeEventListener('change', change);
    };
  }, [onChange]);
  return (
    <span className={styles['hold']}>
      <label htmlFor={id}>Hold</label>
      <input
        id={id}
        ref={field}
        type="number"
        inputMode="numeric"
        min={1}
        max={longestHold}
        step={1}
        defaultValue={hold}
        disabled={disabled}
        title="For how many frame times the selected frames are shown"
      />
      <span aria-hidden>×</span>
    </span>
  );
}
