import { ArrowLeft, Dices } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { ModePanel } from '../controls/ModePanel.tsx';
import { SwitchField } from '../controls/SwitchField.tsx';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { duration } from '../shared/words.ts';
import styles from './PickPanel.module.css';
import { variantOfKey } from './variantOfKey.ts';
import { VariantButton } from './VariantButton.tsx';

/** Panel of the mode “Pick by hand”: the candidates of the round, and the settings. */
export function PickPanel() {
  const { pick } = useStores();
  // Leaving the panel ends the round, which frees the device.
  useEffect(() => pick.stop, [pick]);
  return (
    <>
      <Variants />
      <Saved />
      <ModePanel mode="pick">
        <Speculative />
      </ModePanel>
    </>
  );
}

/** Actions that pick a candidate or go back one frame; both then show the last frame. */
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
  const readOnly = useSelect(animation, ({ project }) => project?.readOnly ?? false);
  const { take, back } = useMoves();
  useNumberKeys(take);
  const group = useRef<HTMLDivElement>(null);
  const picking = round !== null;
  // On a phone, Generate is in reach wherever the page is scrolled to.
  useEffect(() => {
    if (picking) group.current?.scrollIntoView({ block: 'nearest' });
  }, [picking]);
  return (
    <section className={styles['round']} aria-label="Round">
      <p className={styles['line']}>
        <RoundWords />
      </p>
      {round && (
        <div ref={group} className={styles['variants']} role="group" aria-label="Variants">
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
        <Button onClick={() => void pick.reroll()} disabled={!round || round.phase === 'waiting'}>
          <Dices size={16} aria-hidden />
          Re-roll
        </Button>
        <Button onClick={back} disabled={frames === 0 || busy || readOnly}>
          <ArrowLeft size={16} aria-hidden />
          Back
        </Button>
      </div>
    </section>
  );
}

/** Number keys pick candidates, unless a form field has the focus. */
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

/** Status line of the round. */
function RoundWords() {
  const { pick } = useStores();
  const round = useSelect(pick, (state) => state.round);
  if (!round) return 'Generate makes some variants of the last frame: take the one that you like.';
  const { number, phase, progress, variants } = round;
  if (phase === 'waiting') return 'Waiting for the picture';
  if (phase === 'done') {
    return (
      <>
        Frame {number}: take one<span className={styles['pointing']}>, with a click or its number key</span>.
      </>
    );
  }
  if (progress?.stage === 'denoise') return `Frame ${number} · step ${progress.step} of ${progress.of}`;
  if (progress?.stage === 'decode') return `Frame ${number} · painting ${variants.length} variants`;
  return `Frame ${number} · looking`;
}

function Speculative() {
  const { preferences } = useStores();
  const speculative = useSelect(preferences, (state) => state.speculative);
  return (
    <SwitchField
      label="Speculative"
      help="Makes the next rounds while you look at this one."
      checked={speculative}
      onChange={(checked) => {
        preferences.setState({ speculative: checked });
      }}
    />
  );
}

/** Time saved by speculation so far; hidden below one second. */
function Saved() {
  const { pick } = useStores();
  const seconds = useSelect(pick, (state) => Math.round(state.savedSeconds));
  if (seconds < 1) return null;
  return <p className={styles['saved']}>Speculation has saved you {duration(seconds)}.</p>;
}
