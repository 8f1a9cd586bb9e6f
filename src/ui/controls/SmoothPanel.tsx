import { closeLoopField, easingField } from '../../project/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import { ChoiceField } from './ChoiceField.tsx';
import { EasingPicture } from './FieldPicture.tsx';
import { ModePanel } from './ModePanel.tsx';
import { SwitchField } from './SwitchField.tsx';

/** The settings of smooth mode. */
export function SmoothPanel() {
  return (
    <ModePanel mode="smooth" rare={<EasingField />}>
      <CloseLoop />
    </ModePanel>
  );
}

function CloseLoop() {
  const { settings } = useStores();
  const closes = useSelect(settings, ({ values }) => values.closeLoop);
  return (
    <SwitchField
      {...closeLoopField}
      name="closeLoop"
      checked={closes}
      onChange={(closeLoop) => {
        settings.set({ closeLoop });
      }}
    />
  );
}

function EasingField() {
  const { settings } = useStores();
  const easing = useSelect(settings, ({ values }) => values.easing);
  return (
    <ChoiceField
      {...easingField}
      name="easing"
      picture={<EasingPicture easing={easing} />}
      value={easing}
      onChange={(value) => {
        settings.set({ easing: value });
      }}
    />
  );
}
