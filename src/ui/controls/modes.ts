import type { ComponentType } from 'react';
import type { Mode } from '../../project/index.ts';
import { lazyPart } from '../shared/lazyPart.tsx';
import { AutomaticPanel } from './AutomaticPanel.tsx';
import { SmoothPanel } from './SmoothPanel.tsx';

const PickPanel = lazyPart(async () => (await import('../pick/PickPanel.tsx')).PickPanel);

/** Tab of a mode, and the component that renders its settings. */
interface ModeTab {
  readonly id: Mode;
  readonly label: string;
  /** Tooltip: one line on what the mode does. */
  readonly description: string;
  readonly Panel: ComponentType;
}

export const modes: readonly ModeTab[] = [
  {
    id: 'automatic',
    label: 'Automatic',
    description: 'Each new frame is a variant of the frame before.',
    Panel: AutomaticPanel,
  },
  {
    id: 'smooth',
    label: 'Smooth',
    description: 'Frames in between lead gently from each variant to the next.',
    Panel: SmoothPanel,
  },
  {
    id: 'pick',
    label: 'Pick by hand',
    description: 'You choose each new frame from some variants of the frame before.',
    Panel: PickPanel,
  },
];
