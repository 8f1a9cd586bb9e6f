import { useId } from 'react';
import { recipes } from '../../project/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';
import styles from './RecipeField.module.css';
import { RecipePicture } from './RecipePicture.tsx';

/** Radio group of the recipes (named presets of settings), each with an icon. */
export function RecipeField() {
  const { settings } = useStores();
  const chosen = useSelect(settings, (state) => state.recipe);
  const group = useId();
  return (
    <div className={styles['recipe']}>
      <div
        role="radiogroup"
        aria-label="Recipe"
        aria-describedby={`${group}-help`}
        className={styles['choices']}
      >
        {recipes.map(({ id, label, help }) => (
          <label key={id} title={help} className={styles['choice']}>
            <input
              type="radio"
              name={group}
              value={id}
              checked={id === chosen}
              onChange={() => {
                settings.chooseRecipe(id);
              }}
            />
            <RecipePicture id={id} />
            <span>{label}</span>
          </label>
        ))}
      </div>
      <p id={`${group}-help`} className={styles['help']}>
        {recipes.find(({ id }) => id === chosen)?.help}
      </p>
    </div>
  );
}
