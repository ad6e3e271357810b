using System.Globalization;
using System.Text.Json;
using Relay.Admin;
using Spectre.Console;

namespace Relay.Commands;

/// <summary>Shows policies and decisions to people, or as JSON.</summary>
internal static class StsPrinter
{
    /// <summary>Prints what applies to a domain; exit code 1 when no policy does.</summary>
    public static int Print(StsDecisionView decision, bool json)
    {
        if (json)
        {
            PrintJson(decision);
        }
        else
        {
            Line($"{decision.Domain}: {Headline(decision)}");
            PrintOverride(decision);
            if (decision.Record is { } record)
            {
                Line($"  record   {record}");
            }

            if (decision.Policy is { } policy)
            {
                Line($"  source   {(decision.Source == "remembered" ? "remembered" : "fetched now")}");
                PrintFacts(policy);
            }
        }

        return decision.Policy is null ? RelayCommandLine.No : RelayCommandLine.Done;
    }

    public static int Print(StsPolicyView policy, bool json)
    {
        if (json)
        {
            PrintJson(policy);
        }
        else
        {
            Line($"{policy.Domain}: {ModeOf(policy)}");
            PrintFacts(policy);
        }

        return RelayCommandLine.Done;
    }

    public static int Print(StsForgottenView forgotten, bool json)
    {
        if (json)
        {
            PrintJson(forgotten);
        }
        else
        {
            Line($"{forgotten.Domain}: forgotten");
        }

        return RelayCommandLine.Done;
    }

    public static int Print(IReadOnlyList<StsPolicyView> policies, bool json)
    {
        if (json)
        {
            PrintJson(policies);
            return RelayCommandLine.Done;
        }

        if (policies.Count == 0)
        {
            Line("No policies are remembered.");
            return RelayCommandLine.Done;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("Domain", "Mode", "Id", "Fetched", "Expires", "MX");
        foreach (var policy in policies)
        {
            table.AddRow(
                Markup.Escape(policy.Domain),
                ModeOf(policy),
                Markup.Escape(policy.Id),
                string.Create(CultureInfo.InvariantCulture, $"{policy.FetchedAt:yyyy-MM-dd HH:mm}"),
                string.Create(CultureInfo.InvariantCulture, $"{policy.ExpiresAt:yyyy-MM-dd HH:mm}"),
                Markup.Escape(string.Join(' ', policy.Mx)));
        }

        OutputConsole.Open().Write(table);
        return RelayCommandLine.Done;
    }

    /// <summary>Writes a value as JSON on standard output.</summary>
    public static void PrintJson<T>(T value) =>
        Console.WriteLine(PlainText.OfJson(JsonSerializer.Serialize(value, AdminJson.Options)));

    private static string Headline(StsDecisionView decision) => decision.Source switch
    {
        _ when decision.Policy is not null => Word(decision.Mode),
        "disabled" => "no policy: MTA-STS is switched off (MtaSts:Enabled)",
        "override" => "no policy, for an override says so; TLS is used where the MX offers it",
        "dns-failure" when decision.Until is { } until => string.Create(
            CultureInfo.InvariantCulture, $"unknown; mail waits until {until:yyyy-MM-ddTHH:mm:ssZ}, then goes without a policy"),
        "dns-failure" => "no policy known; mail goes without one, for DNS has been silent too long",
        "fetch-failed" => $"no policy, for it cannot be fetched (relay sts check {decision.Domain} tells why)",
        _ => "no policy; TLS is used where the MX offers it",
    };

    private static void PrintOverride(StsDecisionView decision)
    {
        if (decision.Override is { } word)
        {
            var end = decision.OverrideUntil is { } until
                ? string.Create(CultureInfo.InvariantCulture, $"until {until.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}")
                : "without end";
            var published = decision.Policy is { } policy ? $"; the policy says {Word(policy.Mode)}" : string.Empty;
            Line($"  override {word} {end} (MtaSts:Domains){published}");
        }
    }

    private static void PrintFacts(StsPolicyView policy)
    {
        Line($"  id       {policy.Id}");
        Line($"  mx       {(policy.Mx.Count == 0 ? "none" : string.Join(", ", policy.Mx))}");
        Line(string.Create(CultureInfo.InvariantCulture, $"  max_age  {policy.MaxAgeSeconds} s"));
        Line(string.Create(CultureInfo.InvariantCulture, $"  fetched  {policy.FetchedAt:yyyy-MM-ddTHH:mm:ssZ}"));
        Line(string.Create(CultureInfo.InvariantCulture, $"  expires  {policy.ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}"));
    }

    private static void Line(string text) => Console.WriteLine(PlainText.Of(text));

    private static string ModeOf(StsPolicyView policy) => policy.Expired ? "expired" : Word(policy.Mode);

    private static string Word(Enum mode) => $"{mode}".ToLowerInvariant();
}
