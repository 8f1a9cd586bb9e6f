import { setNotifyAtEnd } from '../../store/run-notifications.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { SwitchField } from './SwitchField.tsx';

/** Switch for a notification at the end of long runs. Switching it on asks the user for the permission. */
export function NotifyField() {
  const stores = useStores();
  const { notifications } = stores.environment;
  const wanted = useSelect(stores.preferences, ({ notifyAtEnd }) => notifyAtEnd);
  return (
    <SwitchField
      label="Notify me when frames are done"
      help={
        notifications
          ? 'With a notification of your system, if this tab is hidden when a long run ends.'
          : 'This browser shows no notifications for this page.'
      }
      // The user may have withdrawn the permission since.
      checked={wanted && notifications?.permission() === 'granted'}
      disabled={!notifications}
      onChange={(on) => void setNotifyAtEnd(on, stores)}
    />
  );
}
