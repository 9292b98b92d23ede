// How the server was started: its program and arguments, with which it can start another of its
// kind; and, where another one has started it, what it is for. Only servers give each other these
// two, in front of all other arguments:
//   --check-handover STATE       only see whether this state could be gone on with
//   --handover STATE[,PROGRAM]   go on with it; else return to PROGRAM. Without: it is the program
//                                that is returned to, and its arguments are in the state
// each value the number of a descriptor.
#pragma once

#include <string>
#include <vector>

namespace curvecp::daemon {

class Invocation {
  public:
    // Throws UsageError.
    Invocation(int argc, char** argv);

    enum class Purpose { Start, CheckHandover, Handover };
    [[nodiscard]] Purpose purpose() const noexcept { return purpose_; }
    // -1 where there is none.
    [[nodiscard]] int state() const noexcept { return state_; }
    [[nodiscard]] int old_program() const noexcept { return old_program_; }

    // Where the program was found, absolute: what is there later may be another program.
    [[nodiscard]] const std::string& program() const noexcept { return arguments_.front(); }
    // The command line without what servers give each other, as argc and argv; the program is what
    // program() says.
    [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }
    // Those of the program that is returned to, whatever the other one was called with.
    void set_arguments(std::vector<std::string> arguments) noexcept {
        if (!arguments.empty()) arguments_ = std::move(arguments);
    }
    // The same for one that is to check, or to go on with, a state.
    [[nodiscard]] std::vector<std::string> to_check(int state) const;
    [[nodiscard]] std::vector<std::string> to_hand_over(int state, int old_program) const;
    // Without a program to return to.
    [[nodiscard]] std::vector<std::string> to_return(int state) const;

  private:
    void take_purpose(std::vector<std::string>& arguments);
    [[nodiscard]] std::vector<std::string> with(const std::string& option,
                                                const std::string& value) const;

    Purpose purpose_ = Purpose::Start;
    int state_ = -1;
    int old_program_ = -1;
    std::vector<std::string> arguments_;
};

// For exec() and whatever else wants a char*[] with a null at the end; the texts must live on.
[[nodiscard]] std::vector<char*> pointers_of(const std::vector<std::string>& texts);

}  // namespace curvecp::daemon
