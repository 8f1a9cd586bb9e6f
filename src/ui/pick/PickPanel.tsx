import { ArrowLeft, Dices } from 'lucide-react';
import { Switch } from 'radix-ui';
import { useEffect, useId, useState } from 'react';
import { largestBatch } from '../../project/index.ts';
import { AutomaticPanel } from '../controls/AutomaticPanel.tsx';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { duration } from '../shared/words.ts';
import styles from './PickPanel.module.css';
import { variantOfKey } from './variantOfKey.ts';
import { VariantButton } from './VariantButton.tsx';

/** Picking by hand: the variants of the last frame, and what decides how they come out. */
export function PickPanel() {
  const { pick } = useStores();
  // The round belongs to this panel: whoever leaves it wants the device for something else.
  useEffect(() => pick.stop, [pick]);
  return (
    <>
      <Variants />
      <div className={styles['options']}>
        <BatchSize />
        <Speculative />
      </div>
      <Saved />
      <AutomaticPanel />
    </>
  );
}

/** Takes a variant, or goes back, and shows the frame that is the last one then. */
function useMoves() {
  const { animation, pick, player } = useStores();
  const showLast = () => {
    player.show(animation.getState().frames.length);
  };
  return {
    take: (index: number) => {
      if (!pick.getState().round?.variants[index]?.candidate) return;
      void pick.take(index);
      showLast();
    },
    back: () => {
      void pick.back();
      showLast();
    },
  };
}

function Variants() {
  const { animation, generation, pick } = useStores();
  const round = useSelect(pick, (state) => state.round);
  const ready = useSelect(pick, (state) => state.ready);
  const frames = useSelect(animation, (state) => state.frames.length);
  const busy = useSelect(generation, (state) => state.run !== null);
  const { take, back } = useMoves();
  useNumberKeys(take);
  return (
    <section className={styles['round']} aria-label="Round">
      <p className={styles['line']}>
        <RoundWords />
      </p>
      {round && (
        <div className={styles['variants']} role="group" aria-label="Variants">
          {round.variants.map((variant, index) => (
            <VariantButton
              key={index}
              index={index}
              variant={variant}
              settings={round.settings}
              ready={ready.includes(index)}
              onTake={take}
              onLook={pick.lookAt}
            />
          ))}
        </div>
      )}
      <div className={styles['moves']}>
        {round ? (
          <Button onClick={() => void pick.reroll()} disabled={round.phase === 'waiting'}>
            <Dices size={16} aria-hidden />
            Re-roll
          </Button>
        ) : (
          <Button disabled={busy} onClick={() => void pick.begin()}>
            Make variants
          </Button>
        )}
        <Button onClick={back} disabled={frames === 0 || busy}>
          <ArrowLeft size={16} aria-hidden />
          Back
        </Button>
      </div>
    </section>
  );
}

/** Number keys take variants, wherever the focus is but in a field. */
function useNumberKeys(take: (index: number) => void) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const tag = event.target instanceof Element ? event.target.tagName.toLowerCase() : '';
      const index = variantOfKey(event.key, tag);
      if (index !== null) take(index);
    };
    window.addEventListener('keydown', press);
    return () => {
      window.removeEventListener('keydown', press);
    };
  });
}

/** Where the round is, in one line. */
function RoundWords() {
  const { pick } = useStores();
  const round = useSelect(pick, (state) => state.round);
  if (!round) return 'Make some variants of the last frame, and take the one that you like.';
  const { number, phase, progress, variants } = round;
  if (phase === 'waiting') return 'Waiting for the picture';
  if (phase === 'done') return `Frame ${number}: take one, with a click or its number key.`;
  if (progress?.stage === 'denoise') return `Frame ${number} · step ${progress.step} of ${progress.of}`;
  if (progress?.stage === 'decode') return `Frame ${number} · painting ${variants.length} variants`;
  return `Frame ${number} · looking at the picture`;
}

function BatchSize() {
  const { preferences } = useStores();
  const variants = useSelect(preferences, (state) => state.variants);
  const [draft, setDraft] = useState<string | null>(null);
  const id = useId();
  return (
    <div className={styles['option']}>
      <div>
        <label htmlFor={id}>Batch size</label>
        <p id={`${id}-help`} className={styles['help']}>
          How many variants to choose from.
        </p>
      </div>
      <input
        id={id}
        type="number"
        min={1}
        max={largestBatch}
        step={1}
        value={draft ?? variants}
        aria-describedby={`${id}-help`}
        onChange={({ target }) => {
          setDraft(target.value);
          const value = target.valueAsNumber;
          if (Number.isInteger(value) && value >= 1 && value <= largestBatch) {
            preferences.setState({ variants: value });
          }
        }}
        onBlur={() => {
          setDraft(null);
        }}
      />
    </div>
  );
}

function Speculative() {
  const { preferences } = useStores();
  const speculative = useSelect(preferences, (state) => state.speculative);
  const id = useId();
  return (
    <div className={styles['option']}>
      <div>
        <label htmlFor={id}>Speculative</label>
        <p id={`${id}-help`} className={styles['help']}>
          Makes the next rounds while you look at this one.
        </p>
      </div>
      <Switch.Root
        id={id}
        className={styles['switch']}
        checked={speculative}
        aria-describedby={`${id}-help`}
        onCheckedChange={(checked) => {
          preferences.setState({ speculative: checked });
        }}
      >
        <Switch.Thumb className={styles['thumb']} />
      </Switch.Root>
    </div>
  );
}

/** What speculation has been good for. */
function Saved() {
  const { pick } = useStores();
  const seconds = useSelect(pick, (state) => Math.round(state.savedSeconds));
  if (seconds < 1) return null;
  return <p className={styles['saved']}>Speculation has saved you {duration(seconds)}.</p>;
}
