import { useEffect } from 'react';
import { useSelect, useStores } from '../shared/stores.ts';
import { LookCard } from './LookCard.tsx';

/** The name of the model that Drift recommends, before anybody has asked for it. */
const fullName = 'Stable Diffusion image variations';
/** Its folder on this device. */
const fullId = 'sd-image-variations';

/** The model that Drift recommends, as long as it is not here. */
export function FullModel() {
  const { models } = useStores();
  const full = useSelect(models, (state) => state.full);
  const here = useSelect(
    models,
    ({ installed, fetch }) =>
      installed === null || fetch !== null || installed.some(({ id }) => id === fullId),
  );
  useEffect(() => {
    if (!here) void models.look({ kind: 'full' });
  }, [here, models]);
  if (here || !full) return null;
  return <LookCard look={full} name={fullName} action="Get the full model" />;
}
