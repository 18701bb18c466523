"""What each table of the staff room is for, said above its list."""

from allmende.kernel.text import Text

PURPOSES: dict[str, Text] = {
    "programme.project": Text(
        "Was die Stadt umsetzt. Der Stand folgt aus den Projektereignissen.",
        "What the city carries out. The state follows from the project events.",
    ),
    "programme.projectevent": Text(
        "Jeder neue Stand eines Projekts mit Tag, Grund, Quelle und Beschluss. Frühere bleiben stehen.",
        "Each new state of a project with day, reason, source and decision. Earlier ones stay.",
    ),
    "programme.projecttarget": Text(
        "Welches Projekt welchem Zielbild dient. Wie viel, steht bei den Gewichten.",
        "Which project serves which target image. How much is said by the weights.",
    ),
    "programme.partner": Text("Wer an einem Projekt mitarbeitet und als was.", "Who works on a project, and as what."),
    "programme.milestone": Text(
        "Was ein Projekt erreichen soll. Wann, steht bei den Daten von Meilensteinen.",
        "What a project is to reach. When is said by the dates of milestones.",
    ),
    "programme.milestonedate": Text(
        "Geplant, erwartet, gemeldet, erreicht: Ein verschobener Tag ist eine neue Zeile mit Grund, erreicht ist nur, "
        "was belegt ist.",
        "Planned, expected, reported, reached: a moved day is a new row with its reason; reached is only what has "
        "evidence.",
    ),
    "programme.milestoneneed": Text(
        "Welcher Meilenstein auf welchen wartet. Daraus folgt die längste Kette.",
        "Which milestone waits for which. The longest chain follows from it.",
    ),
    "programme.planversion": Text(
        "Gesamtpläne, wie sie veröffentlicht wurden. Pläne mit Positionen stehen unter Geld.",
        "Total plans as they were published. Plans with positions stand under money.",
    ),
    "programme.decision": Text(
        "Was ein Gremium beschlossen hat, mit Vorlage. Ein Beschluss der Zukunft wird nicht angenommen.",
        "What a body decided, with its paper. A decision of the future is not taken.",
    ),
    "programme.programmeevent": Text(
        "Beteiligung, Arbeit und Austausch im Programm. Ein Bericht als Ereignis zählt als „letzter Bericht“.",
        "Participation, work and exchange in the programme. A report as an event counts as “the last report”.",
    ),
    "programme.risk": Text(
        "Was dazwischenkommen kann und wer darauf achtet. Wie es steht, sagen die Einschätzungen.",
        "What may get in the way, and who watches it. How it stands is said by the estimates.",
    ),
    "programme.riskestimate": Text(
        "Wie ein Risiko an einem Tag stand. Eine neue Einschätzung ist eine neue Zeile.",
        "How a risk stood on a day. A new estimate is a new row.",
    ),
    "programme.condition": Text(
        "Auflagen des Programms. Ob sie erfüllt sind, sagen die Stände.",
        "What the programme is bound to. Whether it is met is said by the findings.",
    ),
    "programme.conditionfinding": Text(
        "Ob eine Bedingung an einem Tag erfüllt war. Ohne Nachweis ist es unbekannt.",
        "Whether a condition was met on a day. Without evidence it is unknown.",
    ),
    "programme.dependency": Text(
        "Wie Projekte zusammenspielen; daraus entsteht das Bild im Portal.",
        "How projects play together; the picture in the portal comes from it.",
    ),
    "programme.goal": Text(
        "Was unter einem Zielbild erreicht werden soll.", "What is to be achieved under a target image."
    ),
    "programme.weight": Text(
        "Alle Gewichte, die je galten. Neue werden je Projekt zusammen eingetragen: Projekte, dort unter „…“.",
        "All weights that ever held. New ones are entered together for a project: projects, there under “…”.",
    ),
    "programme.measure": Text(
        "Womit der Fördergeber rechnet; Projekte werden ihnen zugeordnet.",
        "What the funder reckons with; projects are assigned to them.",
    ),
    "programme.measureproject": Text(
        "Welches Projekt zu welcher Maßnahme des Fördergebers gehört, und seit wann.",
        "Which project belongs to which of the funder's measures, and since when.",
    ),
    "programme.strategyversion": Text(
        "Fassungen der Strategie. Mit dem Tag des Beschlusses bleibt eine Fassung, wie sie ist.",
        "Versions of the strategy. With the day of its adoption a version stays as it is.",
    ),
    "programme.strategysection": Text(
        "Abschnitte einer Fassung in ihrer Reihenfolge.", "Sections of a version in their order."
    ),
    "programme.strategystatement": Text(
        "Absätze der Strategie mit Verweisen auf Ziele, Projekte, Beschlüsse und Indikatoren.",
        "Paragraphs of the strategy that refer to goals, projects, decisions and indicators.",
    ),
    "programme.programme": Text("Name, Stadt und Zusage des Programms.", "Name, city and award of the programme."),
    "programme.targetimage": Text("Was die Stadt am Ende sein will.", "What the city wants to be in the end."),
    "programme.fundingrule": Text(
        "Regeln der Förderung, wie sie auf der Seite „Geld“ stehen.",
        "Rules of the funding, as they stand on the page “Money”.",
    ),
    "programme.body": Text("Wer entscheidet oder berät.", "Who decides or advises."),
    "programme.track": Text(
        "Stränge der Strategiephase, zu denen Veranstaltungen gehören.",
        "Strands of the strategy phase, to which events belong.",
    ),
    "programme.source": Text(
        "Worauf sich Tatsachen stützen. Jede Angabe nennt eine Quelle.",
        "What facts rest upon. Each fact names a source.",
    ),
    "programme.projectcount": Text(
        "Wie viele Projekte eine Quelle an einem Tag zählte. Weichen Quellen ab, steht das bei den Abweichungen.",
        "How many projects a source counted on a day. Where sources differ, it stands among the discrepancies.",
    ),
    "programme.discrepancy": Text(
        "Wo Quellen einander widersprechen; das Portal zeigt es.", "Where sources differ; the portal shows it."
    ),
    "programme.gap": Text(
        "Was niemand weiß; Portal und Berichte nennen es.", "What nobody knows; portal and reports tell it."
    ),
    "money.commitment": Text(
        "Verträge und Bestellungen mit Summe und Laufzeit. Berichtigt wird mit einer neuen Zeile.",
        "Contracts and orders with sum and term. A correction is a new row.",
    ),
    "money.forecast": Text(
        "Was ein Projekt in einem Jahr voraussichtlich kostet. Die neueste Zeile gilt.",
        "What a project is expected to cost in a year. The newest row counts.",
    ),
    "money.runningcost": Text(
        "Was nach dem Ende der Förderung bleibt, und wer es trägt.", "What stays after the funding, and who carries it."
    ),
    "money.workhours": Text(
        "Eigene Arbeit je Projekt und Jahr. Stunden von weniger als drei Menschen zeigt das Portal nicht.",
        "Own work by project and year. Hours of fewer than three people are not shown in the portal.",
    ),
    "money.award": Text("Zuwendungsbescheide.", "Awards of grants."),
    "money.awardterms": Text(
        "Zeitraum, Quote und Höchstbetrag einer Zuwendung. Geänderte Bedingungen sind eine neue Zeile; "
        "daraus folgen die Fristen.",
        "Period, rate and ceiling of an award. Changed terms are a new row; the deadlines follow from them.",
    ),
    "money.costtype": Text("Wofür Geld ausgegeben wird.", "What money is spent on."),
    "money.fundingsource": Text("Wer Geld gibt.", "Who gives money."),
    "money.baserate": Text(
        "Basiszinssätze, die später als diese Fassung der Software kamen; die früheren sind eingebaut.",
        "Base rates that came later than this version of the software; the earlier ones are built in.",
    ),
    "register.principle": Text("Woran die Stadt sich bindet.", "To what the city binds itself."),
    "register.purpose": Text(
        "Wofür Daten dienen dürfen, als Baum: Was für einen Zweck gilt, gilt für die darunter.",
        "What data may serve, as a tree: what holds for a purpose holds for those below.",
    ),
    "register.category": Text("Welche Arten von Daten es gibt.", "Which kinds of data there are."),
    "register.recipientclass": Text("Wer Daten bekommen kann.", "Who may get data."),
    "register.datause": Text(
        "Datenblätter: was erhoben wird, wofür, wie lange und wer es sieht.",
        "Data sheets: what is collected, what for, how long, and who sees it.",
    ),
    "register.algorithm": Text(
        "Verfahren, die rechnen oder entscheiden; sie stehen im öffentlichen Register.",
        "Procedures that reckon or decide; they stand in the public register.",
    ),
    "register.rule": Text(
        "Was mit Daten erlaubt ist. Eine Änderung ist ein Entwurf, bis sie veröffentlicht wird.",
        "What is permitted with data. A change is a draft until it is published.",
    ),
    "catalog.dataset": Text(
        "Woraus Messreihen stammen, und unter welcher Lizenz.", "Where datastreams come from, and under which licence."
    ),
    "catalog.licence": Text("Unter welchen Bedingungen andere Daten nutzen.", "On which terms others use data."),
    "alerts.alertrule": Text(
        "Wann gewarnt wird. Beispiele sind ausgeschaltet, bis jemand sie einschaltet.",
        "When a warning is given. Examples are switched off until somebody switches them on.",
    ),
    "council.councilsystem": Text(
        "Ratsinformationssysteme, aus denen Vorlagen geholt werden.",
        "Council information systems from which papers are fetched.",
    ),
}
