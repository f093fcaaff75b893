export interface Notice {
  readonly kind: string;
  readonly image: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Tells people and other systems what happened. At least once; never throws for a receiver that is away. */
export interface Notifier {
  notify(notice: Notice): Promise<void>;
}
