/** The screen put together; role and situation decide what is on it. */
import type { JSX } from "preact";
import { t } from "./i18n";
import { AlarmStrip } from "./panels/alarmstrip";
import { Detail } from "./panels/detail";
import { ExerciseBanner, Header, LinkNotice } from "./panels/header";
import { MapPane } from "./panels/mappane";
import { Missions } from "./panels/missions";
import { Guard } from "./panels/parts";
import { PlannerBar, Scenarios } from "./panels/planner";
import { SignIn } from "./panels/signin";
import { Tabs } from "./panels/tabs";
import { Units } from "./panels/units";
import { mayPlan, role, session } from "./state";

export function App(): JSX.Element {
  if (!session.value) return <SignIn />;
  return (
    <div class={`screen role-${role.value}`}>
      <a class="skip" href="#lists">{t("app.skip")}</a>
      <ExerciseBanner />
      <Header />
      <LinkNotice />
      <Guard name="alarms"><AlarmStrip /></Guard>
      {mayPlan.value && <Guard name="planner"><PlannerBar /></Guard>}
      <main class="room">
        <div class="column left" id="lists" tabIndex={-1}>
          {mayPlan.value && <Guard name="scenarios"><Scenarios /></Guard>}
          <Guard name="missions"><Missions /></Guard>
          <Guard name="units"><Units /></Guard>
        </div>
        <Guard name="map"><MapPane /></Guard>
        <div class="column right">
          <Guard name="detail"><Detail /></Guard>
          <Guard name="tabs"><Tabs /></Guard>
        </div>
      </main>
    </div>
  );
}
