/** Formats a date: the time, like `14:05`, if on the same day as `now`, else the date. */
export function dateWords(time: string, now: Date): string {
  const then = new Date(time);
  const sameDay = then.toDateString() === now.toDateString();
  const format = new Intl.DateTimeFormat('en', sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium' });
  return format.format(then);
}
