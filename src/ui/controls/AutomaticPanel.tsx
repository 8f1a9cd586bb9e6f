import { ModePanel } from './ModePanel.tsx';

/** The settings of automatic mode. */
export function AutomaticPanel() {
  return <ModePanel mode="automatic" />;
}
