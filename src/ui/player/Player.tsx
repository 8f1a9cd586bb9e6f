import { ArrowLeftRight, ChartLine, Pause, Play, Repeat } from 'lucide-react';
import { useEffect } from 'react';
import { speeds } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './Player.module.css';

/** Plays the frames and goes to any of them. */
export function Player() {
  const { animation, player, preferences } = useStores();
  const frames = useSelect(animation, (state) => state.frames.length);
  const position = useSelect(player, (state) => state.position);
  const playing = useSelect(player, (state) => state.playing);
  const loop = useSelect(preferences, (state) => state.loop);
  const pingPong = useSelect(preferences, (state) => state.pingPong);
  const speed = useSelect(preferences, (state) => state.speed);
  const insight = useSelect(preferences, (state) => state.insight);
  useClock(playing);
  const place = position === 0 ? 'Start' : `${position} / ${frames}`;

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
      <span className={styles['place']}>{frames > 0 ? place : '–'}</span>
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
      <Button
        look={['quiet', 'icon']}
        aria-pressed={loop}
        title="Loop"
        onClick={() => {
          preferences.setState({ loop: !loop });
        }}
      >
        <Repeat size={18} aria-hidden />
        <span className="hidden-text">Loop</span>
      </Button>
      <Button
        look={['quiet', 'icon']}
        aria-pressed={pingPong}
        title="Back and forth"
        onClick={() => {
          preferences.setState({ pingPong: !pingPong });
        }}
      >
        <ArrowLeftRight size={18} aria-hidden />
        <span className="hidden-text">Back and forth</span>
      </Button>
      <Button
        look={['quiet', 'icon']}
        aria-pressed={insight}
        title="Insight: how like each frame is to the prompts and to other frames"
        onClick={() => {
          preferences.setState({ insight: !insight });
        }}
      >
        <ChartLine size={18} aria-hidden />
        <span className="hidden-text">Insight</span>
      </Button>
    </div>
  );
}

/** Ticks the player with every drawing of the screen while it plays. */
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
