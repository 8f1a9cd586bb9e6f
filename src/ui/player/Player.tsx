import { ArrowLeftRight, ChartLine, Pause, Play, Repeat, Scissors } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { useEffect } from 'react';
import { speeds } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Player.module.css';

/** Playback controls: play, position, speed, and toggles for loop, ping-pong and insight. */
export function Player() {
  const { animation, player, preferences, selection } = useStores();
  const selecting = useSelect(selection, ({ positions }) => positions.size > 0);
  const frames = useSelect(animation, (state) => state.frames.length);
  const position = useSelect(player, (state) => state.position);
  const playing = useSelect(player, (state) => state.playing);
  const speed = useSelect(preferences, (state) => state.speed);
  useClock(playing);
  const positionText = position === 0 ? 'Start' : `${position} / ${frames}`;

  return (
    <div className={styles['player']} role="group" aria-label="Player">
      <Button
        look={['icon']}
        disabled={frames === 0}
        title={playing ? 'Pause (space)' : 'Play (space)'}
        onClick={playing ? player.pause : player.play}
      >
        {playing ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
        <span className="hidden-text">{playing ? 'Pause' : 'Play'}</span>
      </Button>
      <input
        type="range"
        className={styles['scrub']}
        aria-label="Position"
        aria-valuetext={position === 0 ? 'Start picture' : `${position} of ${frames}`}
        min={0}
        max={Math.max(1, frames)}
        step={1}
        value={position}
        disabled={frames === 0}
        onChange={({ target }) => {
          player.show(target.valueAsNumber);
        }}
      />
      <span className={styles['position']}>{frames > 0 ? positionText : '–'}</span>
      <select
        className={styles['speed']}
        aria-label="Playback speed"
        title="Playback speed, for watching only"
        value={speed}
        onChange={({ target }) => {
          const chosen = speeds.find((candidate) => String(candidate) === target.value);
          if (chosen !== undefined) preferences.setState({ speed: chosen });
        }}
      >
        {speeds.map((choice) => (
          <option key={choice} value={choice}>
            {choice}×
          </option>
        ))}
      </select>
      <PreferenceToggle name="loop" label="Loop" Icon={Repeat} />
      <PreferenceToggle name="pingPong" label="Back and forth" Icon={ArrowLeftRight} />
      <Button
        look={['quiet', 'icon']}
        disabled={frames === 0}
        aria-pressed={selecting}
        title="Edit frames: delete, repeat, hold, move them"
        onClick={() => {
          if (selecting) selection.clear();
          else selection.select([Math.max(1, position)]);
        }}
      >
        <Scissors size={18} aria-hidden />
        <span className="hidden-text">Edit frames</span>
      </Button>
      <PreferenceToggle
        name="insight"
        label="Insight"
        title="Insight: a chart of how like each frame is to the prompts and to other frames"
        Icon={ChartLine}
      />
    </div>
  );
}

/** Toggle button bound to a preference. */
function PreferenceToggle({
  name,
  label,
  title = label,
  Icon,
}: {
  readonly name: 'loop' | 'pingPong' | 'insight';
  readonly label: string;
  readonly title?: string;
  readonly Icon: LucideIcon;
}) {
  const { preferences } = useStores();
  const on = useSelect(preferences, (state) => state[name]);
  return (
    <Button
      look={['quiet', 'icon']}
      aria-pressed={on}
      title={title}
      onClick={() => {
        preferences.setState({ [name]: !on });
      }}
    >
      <Icon size={18} aria-hidden />
      <span className="hidden-text">{label}</span>
    </Button>
  );
}

/** Calls `player.tick` on every animation frame during playback. */
function useClock(playing: boolean): void {
  const { player } = useStores();
  useEffect(() => {
    if (!playing) return;
    let request = requestAnimationFrame(function tick(now) {
      player.tick(now);
      request = requestAnimationFrame(tick);
    });
    return () => {
      cancelAnimationFrame(request);
    };
  }, [player, playing]);
}
