/** The page's style, for light and dark screens and for paper. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c1f23; --dim: #66707a; --back: #fff; --panel: #f3f5f7; --line: #dde2e7;
  --closure: #7fb2e5; --evidence: #f0c060; --boot: #9fc58f; --own: #c9b3de; --good: #207a3c; --bad: #b3261e; --on: #14202b; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --dim: #98a2ac; --back: #14171a; --panel: #1e2327; --line: #323a41;
  --good: #63c784; --bad: #f28b82; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 1060px; margin: 0 auto; padding: 24px; }
h1 { font-size: 28px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 10px; } p { margin: 4px 0 10px; }
.dim { color: var(--dim); } svg .dim { fill: var(--dim); } .treemap .dim { fill: #33414d; }
.state { font-size: 14px; padding: 2px 10px; border-radius: 12px; background: var(--panel); color: var(--dim); vertical-align: middle; }
.state.available { color: var(--good); } .state.quarantined, .state.recalled { color: var(--bad); }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 18px; }
.tile { background: var(--panel); border-radius: 8px; padding: 10px 14px; flex: 1 1 120px; }
.tile b { display: block; font-size: 20px; white-space: nowrap; } .tile span { font-size: 12.5px; color: var(--dim); } .tile.bad b { color: var(--bad); }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; } svg text { fill: var(--text); }
.treemap text { fill: var(--on); pointer-events: none; } rect { rx: 3px; }
rect.closure, i.closure { fill: var(--closure); background: var(--closure); } rect.evidence, i.evidence { fill: var(--evidence); background: var(--evidence); }
rect.boot, i.boot { fill: var(--boot); background: var(--boot); } rect.own, i.own { fill: var(--own); background: var(--own); }
.timeline rect { fill: var(--closure); } .timeline rect.reused { fill: var(--boot); } .timeline rect.refused, .timeline rect.failed { fill: var(--bad); }
.legend span { margin-right: 18px; font-size: 13px; } .legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; margin-bottom: 12px; }
th { text-align: left; color: var(--dim); font-weight: 500; } th, td { padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; } .good { color: var(--good); } .bad { color: var(--bad); }
footer { margin-top: 40px; font-size: 11.5px; overflow-wrap: anywhere; }
`;
