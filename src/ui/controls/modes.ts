import type { ComponentType } from 'react';
import { PickPanel } from '../pick/PickPanel.tsx';
import { AutomaticPanel } from './AutomaticPanel.tsx';

/** A way to run an animation: a tab, and the settings below it. */
export interface Mode {
  readonly id: string;
  readonly label: string;
  /** What it does, in one line. */
  readonly description: string;
  readonly Panel: ComponentType;
}

export const modes: readonly Mode[] = [
  {
    id: 'automatic',
    label: 'Automatic',
    description: 'Each new frame is a variant of the frame before.',
    Panel: AutomaticPanel,
  },
  {
    id: 'pick',
    label: 'Pick by hand',
    description: 'You choose each new frame from some variants of the frame before.',
    Panel: PickPanel,
  },
];
