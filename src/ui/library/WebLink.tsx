/** Link to an http(s) page; plain text for any other URL, because URLs come from untrusted manifests. */
export function WebLink({ url, children }: { readonly url: string | null; readonly children: string }) {
  if (url === null || !/^https?:/i.test(url)) return children;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
