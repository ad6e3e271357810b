using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Relay.Diagnosis;

namespace Relay.Commands;

/// <summary>
/// <c>relay sts check DOMAIN</c>: tests a domain's set-up from outside, as a sender meets it that has never been there before.
/// Needs no running relay and sends no mail.
/// </summary>
internal static class StsCheckCommand
{
    public static Command Create(Argument<string> domain)
    {
        var command = new Command("check", "Tests DOMAIN's whole MTA-STS set-up and says what to mend")
        {
            domain,
            RelayCommandLine.Json,
        };
        command.SetAction((parsed, cancellationToken) => CheckAsync(parsed, parsed.GetRequiredValue(domain), cancellationToken));
        return command;
    }

    private static async Task<int> CheckAsync(ParseResult parsed, string domain, CancellationToken cancellationToken)
    {
        await using var application = RelayAccess.Build(parsed);
        if (application is null || !RelayAccess.TryReadDomain(domain, out var name))
        {
            return RelayCommandLine.WrongUsage;
        }

        var check = application.Services.GetRequiredService<DomainCheck>();
        var report = await check.RunAsync(name, cancellationToken);
        if (parsed.GetValue(RelayCommandLine.Json))
        {
            StsPrinter.PrintJson(report);
        }
        else
        {
            CheckPrinter.Print(report);
        }

        return report.Passed ? RelayCommandLine.Done : RelayCommandLine.No;
    }
}
