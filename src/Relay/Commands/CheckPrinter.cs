using System.Globalization;
using Relay.Diagnosis;
using Relay.Tls;
using Spectre.Console;

namespace Relay.Commands;

/// <summary>Shows a check to people: a mark per step, the remedy below it, the verdict at the end.</summary>
internal static class CheckPrinter
{
    public static void Print(CheckReport report)
    {
        var console = OutputConsole.Open();
        foreach (var section in report.Sections)
        {
            Line(section.Title);
            foreach (var step in section.Steps)
            {
                Print(console, step);
            }
        }

        Mark(console, report.Passed ? StepStatus.Passed : StepStatus.Failed);
        Line(report.Summary);
    }

    private static void Print(IAnsiConsole console, CheckStep step)
    {
        Console.Write("  ");
        Mark(console, step.Status);
        Line($"{step.Step}: {step.Finding}");
        if (step.Certificate is { } certificate)
        {
            Print(certificate);
        }

        if (step.Remedy is { } remedy)
        {
            Line($"      → {remedy}");
        }
    }

    private static void Print(CertificateFacts certificate)
    {
        Line($"      subject {certificate.Subject}");
        Line($"      names   {(certificate.Names.Count == 0 ? "none" : string.Join(", ", certificate.Names))}");
        Line($"      issuer  {certificate.Issuer}");
        Line(string.Create(
            CultureInfo.InvariantCulture, $"      valid   {certificate.NotBefore:yyyy-MM-dd} to {certificate.NotAfter:yyyy-MM-dd}"));
        Line($"      chain   {string.Join(" < ", certificate.Chain)}");
    }

    // Only the mark goes through Spectre.Console, which colours it: remote parties' text is no markup.
    private static void Mark(IAnsiConsole console, StepStatus status) => console.Markup(status switch
    {
        StepStatus.Passed => "[green]✔[/] ",
        StepStatus.Advice => "[yellow]⚠[/] ",
        _ => "[red]✘[/] ",
    });

    private static void Line(string text) => Console.WriteLine(PlainText.Of(text));
}
