/** What is seen without a session: why, in plain words, and nothing of any situation. */
import type { JSX } from "preact";
import { canRetry, retry } from "../desk";
import { t } from "../i18n";
import { signInNote } from "../state";

export function SignIn(): JSX.Element {
  const note = signInNote.value ?? "signin.needed";
  const working = note === "signin.working";
  return (
    <main class="signin" data-testid="signin" data-note={note}>
      <h1>{t("app.title")}</h1>
      <h2>{t("signin.title")}</h2>
      <p role={working ? "status" : "alert"}>{t(note)}</p>
      {note !== "signin.needed" && !working && !canRetry() && <p>{t("signin.needed")}</p>}
      {canRetry() && <button type="button" onClick={() => void retry()}>{t("signin.retry")}</button>}
    </main>
  );
}
