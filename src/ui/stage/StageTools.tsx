import { ArrowLeftToLine, Copy, Download, Expand, History, Layers2, Shrink } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { KeyboardEvent, ReactNode, RefObject } from 'react';
import type { ComparedPicture } from '../../store/index.ts';
import { Button } from '../shared/Button.tsx';
import { useSelect, useStores } from '../shared/stores.ts';
import { OnionSkin } from './OnionSkin.tsx';
import styles from './StageTools.module.css';
import { useStageView } from './useStageView.ts';
import { ZoomTools } from './ZoomTools.tsx';

/**
 * What is over the picture on the stage: the onion skin, the zoom, and buttons for comparison (while one is held), the
 * picture as a file and full screen.
 */
export function StageTools({ stage }: { readonly stage: RefObject<HTMLElement | null> }) {
  const { player, singlePictures } = useStores();
  const position = useSelect(player, (state) => state.position);
  const compared = useSelect(player, (state) => state.compared);
  const view = useStageView(stage);
  const onion = useSelect(view, (state) => state.onion);
  return (
    <>
      {onion && <OnionSkin />}
      {compared !== null && (
        <p className={styles['compared']}>{compared === 0 ? 'Start' : `Frame ${compared}`}</p>
      )}
      <div className={styles['tools']} role="group" aria-label="Stage tools">
        <CompareButton comparison="before" label="Compare with the frame before" disabled={position === 0}>
          <History size={18} aria-hidden />
        </CompareButton>
        <CompareButton comparison="start" label="Compare with the start" disabled={position === 0}>
          <ArrowLeftToLine size={18} aria-hidden />
        </CompareButton>
        <Button
          look={['icon']}
          aria-pressed={onion}
          title="Onion skin: the frame before shows through (O)"
          onClick={view.toggleOnion}
        >
          <Layers2 size={18} aria-hidden />
          <span className="hidden-text">Onion skin</span>
        </Button>
        {singlePictures.copy && (
          <Button
            look={['icon']}
            title="Copy the picture"
            onClick={() => void singlePictures.copy?.(position)}
          >
            <Copy size={18} aria-hidden />
            <span className="hidden-text">Copy the picture</span>
          </Button>
        )}
        <Button look={['icon']} title="Save the picture" onClick={() => void singlePictures.save(position)}>
          <Download size={18} aria-hidden />
          <span className="hidden-text">Save the picture</span>
        </Button>
        {document.fullscreenEnabled && <FullScreenButton stage={stage} />}
      </div>
      <ZoomTools view={view} />
    </>
  );
}

/** Button that shows another picture as long as it is held, by pointer or keyboard. */
function CompareButton({
  comparison,
  label,
  disabled,
  children,
}: {
  readonly comparison: ComparedPicture;
  readonly label: string;
  readonly disabled: boolean;
  readonly children: ReactNode;
}) {
  const { player } = useStores();
  const [held, setHeld] = useState(false);
  const hold = () => {
    if (disabled) return;
    setHeld(true);
    player.compare(comparison);
  };
  const release = () => {
    setHeld(false);
    player.endComparison();
  };
  /** Prevents the click that would follow, and keeps the page's shortcuts from the key. */
  const byKey = (act: () => void) => (event: KeyboardEvent) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) act();
  };
  return (
    <Button
      look={['icon']}
      disabled={disabled}
      aria-pressed={held}
      title={`${label} (hold)`}
      onPointerDown={hold}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onBlur={release}
      // A long press of a finger would open the menu of the browser.
      onContextMenu={(event) => {
        event.preventDefault();
      }}
      onKeyDown={byKey(hold)}
      onKeyUp={byKey(release)}
      // Assistive technology clicks without holding: each click switches.
      onClick={({ detail }) => {
        if (detail > 0) return;
        if (held) release();
        else hold();
      }}
    >
      {children}
      <span className="hidden-text">{label}</span>
    </Button>
  );
}

function FullScreenButton({ stage }: { readonly stage: RefObject<HTMLElement | null> }) {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const update = () => {
      setFull(document.fullscreenElement !== null);
    };
    document.addEventListener('fullscreenchange', update);
    return () => {
      document.removeEventListener('fullscreenchange', update);
    };
  }, []);
  const toggle = () => {
    // Refused where the browser's policy forbids it; then nothing changes.
    const change = full ? document.exitFullscreen() : stage.current?.requestFullscreen();
    change?.catch(() => undefined);
  };
  return (
    <Button look={['icon']} aria-pressed={full} title="Full screen" onClick={toggle}>
      {full ? <Shrink size={18} aria-hidden /> : <Expand size={18} aria-hidden />}
      <span className="hidden-text">Full screen</span>
    </Button>
  );
}
