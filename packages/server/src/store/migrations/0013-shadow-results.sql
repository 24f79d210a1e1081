-- Of a call of a shadow that has ended: what it would have come to in earnest, and whether that is the same as what the target beside it came to.

alter table interpose.run_calls
  add column shadow_effect text check (shadow_effect in ('none', 'changed', 'started', 'ignored', 'refused')),
  add column is_same boolean;
