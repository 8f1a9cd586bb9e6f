import type { ComponentProps } from 'react';
import { classes } from './classes.ts';
import styles from './Button.module.css';

type ButtonLook = 'primary' | 'large' | 'quiet' | 'icon' | 'small';

/**
 * Button that uses `aria-disabled` when disabled: it keeps the focus and stays readable, but ignores presses. A
 * natively disabled button would lose the focus of people who use a keyboard or a screen reader.
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
