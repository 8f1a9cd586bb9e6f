import type { ComponentProps } from 'react';
import { classes } from './classes.ts';
import styles from './Button.module.css';

type ButtonLook = 'primary' | 'large' | 'quiet' | 'icon' | 'small';

/**
 * A button. A disabled one keeps the keyboard's focus and can still be read, it only does nothing: a button that
 * vanishes under the finger leaves people who use a keyboard or a screen reader nowhere.
 */
export function Button({
  look = [],
  disabled = false,
  onClick,
  className,
  ...rest
}: Omit<ComponentProps<'button'>, 'disabled'> & {
  readonly look?: readonly ButtonLook[];
  readonly disabled?: boolean;
}) {
  return (
    <button
      type="button"
      {...rest}
      className={classes(styles['button'], ...look.map((name) => styles[name]), className)}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    />
  );
}
