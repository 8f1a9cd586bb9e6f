import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Stores } from '../../store/index.ts';
import { nextZoom, panned, wholePicture, zoomedTo } from './zoom.ts';
import type { StagePoint, ZoomFrame, ZoomView } from './zoom.ts';

/** How pictures are shown on the stage. */
interface StageViewState {
  readonly zoom: ZoomView;
  /** Whether the frame before shows through. */
  readonly onion: boolean;
}

/** Zoom, pan and onion skin of the stage. */
export interface StageView extends StoreApi<StageViewState> {
  /** Zooms one step in (1) or out (-1), around the centre. */
  readonly step: (direction: 1 | -1) => void;
  /** Zooms to a factor around a point. */
  readonly zoomTo: (factor: number, at: StagePoint) => void;
  readonly pan: (by: StagePoint) => void;
  readonly reset: () => void;
  readonly toggleOnion: () => void;
  /** Moves the picture back into the stage, whose size has changed, or that of the picture. */
  readonly fit: () => void;
}

const centre: StagePoint = { x: 0, y: 0 };

/** @param measure - reads the current sizes of the stage and the picture */
export function createStageView(measure: () => ZoomFrame): StageView {
  const store = createStore<StageViewState>()(() => ({ zoom: wholePicture, onion: false }));
  const change = (next: (zoom: ZoomView, frame: ZoomFrame) => ZoomView) => {
    store.setState(({ zoom }) => ({ zoom: next(zoom, measure()) }));
  };
  const view: StageView = {
    ...store,
    step(direction) {
      view.zoomTo(nextZoom(store.getState().zoom.factor, direction), centre);
    },
    zoomTo(factor, at) {
      change((zoom, frame) => zoomedTo(zoom, factor, at, frame));
    },
    pan(by) {
      change((zoom, frame) => panned(zoom, by, frame));
    },
    reset() {
      store.setState({ zoom: wholePicture });
    },
    toggleOnion() {
      store.setState(({ onion }) => ({ onion: !onion }));
    },
    fit() {
      view.pan(centre);
    },
  };
  return view;
}

/** Shows the whole picture again when another project comes to the page, until the returned function is called. */
export function resetWithProject(
  animation: Pick<Stores['animation'], 'subscribe'>,
  view: Pick<StageView, 'reset'>,
): () => void {
  return animation.subscribe(({ project }, before) => {
    if (project?.id !== before.project?.id) view.reset();
  });
}

/** Keeps the style of a stage as the view says, until the returned function is called. */
export function applyZoom(stage: HTMLElement, view: StageView): () => void {
  const apply = () => {
    const { factor, x, y } = view.getState().zoom;
    stage.dataset['view'] = factor > 1 ? 'zoomed' : 'whole';
    stage.style.setProperty('--zoom', String(factor));
    stage.style.setProperty('--pan-x', `${Math.round(x)}px`);
    stage.style.setProperty('--pan-y', `${Math.round(y)}px`);
  };
  apply();
  const stop = view.subscribe(apply);
  return () => {
    stop();
    delete stage.dataset['view'];
    stage.removeAttribute('style');
  };
}
