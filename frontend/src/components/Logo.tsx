/** The mark: four tiles, one of them chosen. */
export function Logo({ size = 18 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 18 18" aria-hidden>
      <rect width="8" height="8" rx="2" fill="var(--fg-3)" />
      <rect x="10" width="8" height="8" rx="2" fill="var(--fg-3)" />
      <rect y="10" width="8" height="8" rx="2" fill="var(--fg-3)" />
      <rect x="10" y="10" width="8" height="8" rx="2" fill="var(--accent-line)" />
    </svg>
  );
}
