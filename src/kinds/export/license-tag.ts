/** Licences as the Hugging Face hub names them in a dataset card; SPDX expressions that it does not know are `other`. */

const KNOWN: ReadonlySet<string> = new Set(
  `apache-2.0 mit afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
  cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0
  cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gpl-2.0
  gpl-3.0 lgpl-2.1 lgpl-3.0 isc ms-pl mpl-2.0 odc-by osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl`.split(/\s+/),
);

/** The hub's names leave out `-only` and `-or-later`. */
export function toLicenseTag(spdx: string): string {
  const tag = spdx.toLowerCase().replace(/-(?:only|or-later)$/, '');
  return KNOWN.has(tag) ? tag : 'other';
}

/** Rows by licence, the commonest first; `''` stands for rows that name none. */
export function sortLicenses(licenses: ReadonlyMap<string, number>): [string, number][] {
  return [...licenses].sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));
}
