/** A licence, with the way to its text where there is one. Manifests come from anywhere: only web addresses are linked. */
export function Licence({ licence, url }: { readonly licence: string; readonly url: string | null }) {
  if (url === null || !/^https?:/i.test(url)) return <>{licence}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {licence}
    </a>
  );
}
