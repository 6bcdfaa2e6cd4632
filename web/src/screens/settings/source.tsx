import type { Evidence } from '../../app/explained.ts';
import { Age } from '../../parts/age.tsx';
import { EvidenceLink } from '../../parts/evidence-link.tsx';
import type { ConfigRow, DescribedSetting } from './setting-value.ts';

export interface SettingRow extends DescribedSetting {
  value: unknown;
  source: ConfigRow<Evidence> | null;
  /** What an operator set, though a variable goes before it. */
  beneath: ConfigRow<Evidence> | null;
}

/** Who gave a setting its value, and when. */
export function Source({ source, asOf }: { source: ConfigRow<Evidence> | null; asOf: number | null }) {
  if (source === null) return <span className="dim">default</span>;
  const by = source.source === 'start' ? 'given at the start' : source.by;
  return (
    <EvidenceLink evidence={source.evidence} title={`${source.path} by ${source.by}`}>
      {by}
      {source.evidence && (
        <>
          , <Age at={source.evidence.at} asOf={asOf} /> ago
        </>
      )}
    </EvidenceLink>
  );
}
