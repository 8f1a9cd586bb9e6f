/** A link where there is a way to go. Addresses come from anybody: only those of web pages are linked. */
export function WebLink({ url, children }: { readonly url: string | null; readonly children: string }) {
  if (url === null || !/^https?:/i.test(url)) return children;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
